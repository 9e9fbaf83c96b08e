//! Table `gate_run`.

use sea_orm::entity::prelude::*;

/// One validation of one gate: a job, and once decided a verdict.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "gate_run")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture.
    pub venture_id: Uuid,
    /// The run whose gate it is.
    pub stage_run_id: Uuid,
    /// Number of the stage.
    pub stage: i16,
    /// Key of the gate.
    pub gate: String,
    /// ENTRY or EXIT.
    pub kind: String,
    /// A job's status: QUEUED, SUCCEEDED or CANCELLED.
    pub status: String,
    /// PASS, FAIL or INCONCLUSIVE, once decided.
    pub verdict: Option<String>,
    /// The decision: criteria, the least that would turn it green, failure action.
    pub decision: Option<Json>,
    /// Who asked.
    pub requested_by_id: Uuid,
    /// When.
    pub requested_at: DateTimeUtc,
    /// When it was decided or cancelled.
    pub decided_at: Option<DateTimeUtc>,
    /// The agent that decided it, or found it pointless; none when a person cancelled it.
    pub decided_by: Option<String>,
    /// Trace of the request.
    pub trace_id: Option<String>,
    /// 1 while queued, 2 once ended.
    pub version: i64,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
