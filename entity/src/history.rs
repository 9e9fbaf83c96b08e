//! Table `history`.

use domain::root::RootKind;
use sea_orm::entity::prelude::*;

use crate::Name;

/// What happened, append-only: one row an event.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "history")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// What kind of root it happened to: VENTURE or PORTFOLIO.
    pub root_kind: Name<RootKind>,
    /// The root.
    pub root_id: Uuid,
    /// Its number in the root's history, from 1 without a gap.
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
    /// The command that caused it; on the first of its events, as are the fields below.
    pub command: Option<String>,
    /// Why, where the command asks.
    pub reason: Option<String>,
    /// State before the command.
    pub before: Option<Json>,
    /// State after the command.
    pub after: Option<Json>,
    /// The request's id.
    pub request_id: Option<String>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
