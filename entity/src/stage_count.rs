//! Table `stage_count`.

use domain::venture;
use sea_orm::entity::prelude::*;

use crate::Name;

/// So many ventures more, or fewer, at a stage and in a status. The sum over all rows is how many there are.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stage_count")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// Number of the stage.
    pub stage: i16,
    /// A venture's status.
    pub status: Name<venture::StatusKind>,
    /// How many ventures more; negative for fewer.
    pub ventures: i64,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
