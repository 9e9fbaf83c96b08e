//! Table `gate_run`.

use domain::{gate::Verdict, job, playbook::GateKind};
use sea_orm::entity::prelude::*;

use crate::Name;

/// One validation of one gate: a job, and once decided a verdict.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "gate_run")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture; none when the stage run is the portfolio's own.
    pub venture_id: Option<Uuid>,
    /// The run whose gate it is.
    pub stage_run_id: Uuid,
    /// Number of the stage.
    pub stage: i16,
    /// Key of the gate.
    pub gate: String,
    /// ENTRY or EXIT.
    pub kind: Name<GateKind>,
    /// PASS, FAIL or INCONCLUSIVE, once decided.
    pub verdict: Option<Name<Verdict>>,
    /// The decision: criteria, the remedies that would turn it green, failure action.
    pub decision: Option<Json>,
    /// The agent that decided it, or found it pointless; none when a person cancelled it.
    pub decided_by: Option<String>,
    /// Trace of the request.
    pub trace_id: Option<String>,
    /// A job's status.
    pub status: Name<job::Status>,
    /// Who asked.
    pub requested_by_id: Uuid,
    /// When.
    pub requested_at: DateTimeUtc,
    /// When a worker began it.
    pub started_at: Option<DateTimeUtc>,
    /// When it ended, in whatever way.
    pub finished_at: Option<DateTimeUtc>,
    /// What kind of error it failed with; set while it is FAILED.
    pub error_code: Option<String>,
    /// The error, for a person; set while it is FAILED.
    pub error_message: Option<String>,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
