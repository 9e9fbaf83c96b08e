//! Table `history`.

use sea_orm::entity::prelude::*;

/// What happened, append-only: one row an event.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "history")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture it is about; none: the portfolio itself.
    pub venture_id: Option<Uuid>,
    /// Its number in the venture's history, from 1; 0 for the portfolio's own.
    pub sequence: i64,
    /// Wire name such as venture.created.v1.
    pub kind: String,
    /// When.
    pub at: DateTimeUtc,
    /// Who: a person or an agent.
    pub actor: Json,
    /// What, by kind.
    pub body: Json,
    /// Trace of the request that caused it.
    pub trace_id: Option<String>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
