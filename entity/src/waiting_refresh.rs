//! Table `waiting_refresh`.

use sea_orm::entity::prelude::*;

/// How far the rows of `waiting` were made anew in a portfolio.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "waiting_refresh")]
pub struct Model {
    /// The portfolio.
    #[sea_orm(primary_key, auto_increment = false)]
    pub portfolio_id: Uuid,
    /// What stood beside its roots when they were made last: playbook and facts of the portfolio.
    pub seen: Json,
    /// The stage run up to which they were made; none when all were.
    pub after: Option<Uuid>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
