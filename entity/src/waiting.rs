//! Table `waiting`.

use domain::agenda::Thing;
use sea_orm::entity::prelude::*;

use crate::Name;

/// Something that waits for a role.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "waiting")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture; none for what is the portfolio's own.
    pub venture_id: Option<Uuid>,
    /// What kind of thing waits.
    pub kind: Name<Thing>,
    /// The thing.
    pub thing_id: Uuid,
    /// The role that can act.
    pub role: String,
    /// Whether the role answers for a step of it, or nobody in particular does.
    pub owned: bool,
    /// Since when it waits for the role.
    pub since: DateTimeUtc,
    /// By when it should be done; rows are ordered by this.
    pub due_at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
