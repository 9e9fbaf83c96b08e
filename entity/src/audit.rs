//! Table `audit`.

use domain::root::RootKind;
use sea_orm::entity::prelude::*;

use crate::Name;

/// Who did what, when, why, through which request, and before and after: a command that has no event. What is
/// recorded of other commands stands on the first of their events.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio; none for the platform's own commands.
    pub portfolio_id: Option<Uuid>,
    /// The command.
    pub command: String,
    /// Who: a person or an agent, and the roles held.
    pub actor: Json,
    /// When.
    pub at: DateTimeUtc,
    /// What kind of root it was about: VENTURE or PORTFOLIO; none for the platform's own commands.
    pub root_kind: Option<Name<RootKind>>,
    /// The root.
    pub root_id: Option<Uuid>,
    /// What kind of record it was about, as in global ids; none when it was the root.
    pub record_kind: Option<String>,
    /// The record.
    pub record_id: Option<Uuid>,
    /// Why, where the command asks.
    pub reason: Option<String>,
    /// State before.
    pub before: Option<Json>,
    /// State after.
    pub after: Option<Json>,
    /// The request's id.
    pub request_id: Option<String>,
    /// Its trace.
    pub trace_id: Option<String>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
