//! Gate runs: validations of gates, with their verdicts and reasons.

mod list;
mod mutation;
mod query;
mod result;
mod subscription;

use std::{collections::HashMap, sync::Arc};

use app::query::{batch, rows};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::{
    RootId,
    gate::{self, Decision},
    job::Status,
};
use serde::Deserialize;
use uuid::Uuid;

pub(crate) use list::GateRunFilter;
pub(crate) use mutation::GateRunMutation;
pub(crate) use query::GateRunQuery;
pub(crate) use subscription::{GateRunSubscription, updates};

use crate::{
    action::Action,
    cost::list_size,
    error::{optional, problem},
    global_id::{Kind, encode},
    job::{JobError, JobProgress, JobStatus},
    loader::{Group, Loads, Reader, grouped},
    person::Person,
    playbook::{FailureAction, Gate, GateKind, Playbook},
    record::record,
    root::Root,
    session::session,
    stage_run::StageRun,
    venture::Venture,
};
use result::{CriterionResult, Remedy};

/// A run of one gate.
#[derive(Clone)]
pub(crate) struct GateRun(pub(crate) Arc<rows::GateRun>);

record!(GateRun, rows::GateRun, scope);

/// The latest run of each gate of a stage run, by the stage run's id.
pub(crate) struct LatestGateRuns;

impl Loads for LatestGateRuns {
    type Value = Group<rows::GateRun>;

    async fn read(reader: &Reader, runs: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        batch::latest_gate_runs(reader.app(), reader.scope(), runs, 1).await.map(grouped)
    }
}

/// Verdict of a gate or of a criterion.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "gate::Verdict")]
pub(crate) enum Verdict {
    /// The criterion holds. For a gate: all criteria hold.
    Pass,
    /// The criterion does not hold. For a gate: at least one criterion fails.
    Fail,
    /// The criterion cannot be decided, because data is missing, stale or unusable. For a gate: at least one
    /// criterion is inconclusive and none fails.
    Inconclusive,
}

impl GateRun {
    fn decision(&self) -> async_graphql::Result<Option<Decision>> {
        let decision = self.0.decision.as_ref().map(Decision::deserialize).transpose();
        decision.map_err(|error| problem(&app::Error::from(error)))
    }
}

/// One validation of one gate. A gate run is a job; when the job succeeds, the run has a verdict.
#[Object]
impl GateRun {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::GateRun, self.0.id)
    }

    /// Status of the job.
    pub(crate) async fn status(&self) -> JobStatus {
        (*self.0.status).into()
    }

    /// Progress of the job. A gate run is one step.
    pub(crate) async fn progress(&self) -> JobProgress {
        JobProgress { done: i32::from(*self.0.status == Status::Succeeded), total: 1 }
    }

    /// Error of the job. Null unless the status is FAILED. The message of a gate run that no worker could decide is kept
    /// among the dead letters. When an operator replays the message, the gate run is QUEUED again.
    pub(crate) async fn error(&self) -> Option<JobError> {
        let (code, message) = (self.0.error_code.clone()?, self.0.error_message.clone()?);
        Some(JobError { code, message })
    }

    /// Time of the request.
    pub(crate) async fn queued_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// Time at which a worker started the job. Null before that, and when the job was cancelled.
    pub(crate) async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// Time at which the job ended: decided, failed or cancelled. Null before that.
    pub(crate) async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// Verdict. Null until the gate is decided.
    async fn verdict(&self) -> Option<Verdict> {
        self.0.verdict.map(|verdict| verdict.0.into())
    }

    /// Result of each criterion. Empty until the gate is decided.
    #[graphql(directive = list_size::apply(2))]
    async fn criteria(&self) -> async_graphql::Result<Vec<CriterionResult>> {
        let criteria = self.decision()?.map(|decision| decision.criteria).unwrap_or_default();
        Ok(criteria.into_iter().map(CriterionResult).collect())
    }

    /// The smallest set of actions that would turn the verdict into PASS. Empty when the gate passed or is not
    /// decided.
    #[graphql(directive = list_size::apply(2))]
    async fn remedies(&self) -> async_graphql::Result<Vec<Remedy>> {
        let remedies = self.decision()?.map(|decision| decision.least).unwrap_or_default();
        Ok(remedies.into_iter().map(Remedy::from).collect())
    }

    /// Action that the playbook prescribes after the failure. Null when the playbook prescribes none, and unless the
    /// verdict is FAIL.
    async fn failure_action(&self) -> Option<async_graphql::Result<FailureAction>> {
        optional(async { Ok(self.decision()?.and_then(|d| d.failure).as_ref().map(FailureAction::from)) })
            .await
    }

    /// Whether the gate is an entry or an exit gate.
    async fn kind(&self) -> GateKind {
        (*self.0.kind).into()
    }

    /// The gate, in the playbook version of the stage run.
    async fn gate(&self, ctx: &Context<'_>) -> async_graphql::Result<Gate> {
        let run: StageRun = session(ctx)?.get(self.0.stage_run_id).await?;
        let playbook = Playbook::by_id(ctx, run.0.playbook_id).await?.playbook;
        let stage = u32::try_from(self.0.stage).unwrap_or(0);
        Ok(Gate { playbook, stage, key: self.0.gate.clone(), run: Some(self.0.stage_run_id) })
    }

    /// Stage run that the gate belongs to.
    async fn stage_run(&self, ctx: &Context<'_>) -> async_graphql::Result<StageRun> {
        session(ctx)?.get(self.0.stage_run_id).await
    }

    /// Venture or portfolio that the stage run belongs to.
    async fn root(&self, ctx: &Context<'_>) -> async_graphql::Result<Root> {
        Root::of(ctx, RootId::of(self.0.portfolio_id, self.0.venture_id)).await
    }

    /// Venture that the stage run belongs to. Null when it is the portfolio's own.
    async fn venture(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Venture>> {
        Some(session(ctx).ok()?.get(self.0.venture_id?).await)
    }

    /// What the viewer can do with the gate run.
    #[graphql(directive = list_size::apply(2))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of(ctx, &*self.0).await
    }

    /// Person who requested the validation.
    async fn requested_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(Person::by_name(ctx, self.0.requested_by_id)).await
    }

    /// Time of the request, the same as `queuedAt`.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// Time of the decision. Null unless there is a verdict.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.filter(|_| self.0.verdict.is_some())
    }

    /// Name of the agent that decided the gate, or cancelled the run because it had become pointless. Null before
    /// that, and when a person cancelled the run.
    async fn decided_by(&self) -> Option<&str> {
        self.0.decided_by.as_deref()
    }

    /// Trace id of the request, 32 hex digits. Null when the request was not traced.
    async fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }
}
