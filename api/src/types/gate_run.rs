//! Gate runs: validations of gates, with their verdicts and reasons.

use std::sync::Arc;

use app::query::rows;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{
    gate::{self, Decision},
    job::Status,
};
use serde::Deserialize;

use super::{
    evidence::Evidence,
    gate::{FailureAction, Gate, GateKind},
    job::{JobError, JobProgress, JobStatus},
    person::Person,
    portfolio::by_id,
    stage_run::StageRun,
    venture::Venture,
};
use crate::{
    cost::list_size,
    error::{not_found, optional, problem},
    global_id::{Kind, encode},
    loader::{EvidenceKey, PersonKey, StageRunKey, VentureKey},
    session::session,
};

/// One validation of one gate: a job, and once it has succeeded a verdict.
#[derive(Clone)]
pub(crate) struct GateRun(pub(crate) Arc<rows::GateRun>);

/// How a criterion or a gate stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It cannot be decided: data is missing, stale or unusable.
    Inconclusive,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
        }
    }
}

/// How one criterion was decided.
pub(crate) struct CriterionResult(gate::CriterionResult);

/// Why a criterion does not pass.
#[derive(SimpleObject)]
pub(crate) struct CriterionReason {
    /// NOT_ATTESTED, EVIDENCE_MISSING, NO_DATA, STALE, NOT_MEASURABLE or RULE_NOT_MET.
    code: String,
    /// The same for a person.
    text: String,
}

/// One thing to do so that a criterion passes.
#[derive(SimpleObject)]
pub(crate) struct Remedy {
    /// Key of the criterion.
    criterion: String,
    /// `attest`: say that it holds, with evidence. `provide`: supply a fact. `change`: make a fact different.
    action: String,
    /// The roles that may do it; empty when it is not one person's to do.
    roles: Vec<String>,
    /// The fact it is about; null when the criterion itself is attested.
    fact: Option<String>,
    /// What to do, for a person.
    text: String,
}

impl GateRun {
    fn job_status(&self) -> async_graphql::Result<Status> {
        let status = Status::parse(&self.0.status);
        status.ok_or_else(|| problem(&anyhow::anyhow!("gate run {} is {}", self.0.id, self.0.status).into()))
    }

    fn decision(&self) -> async_graphql::Result<Option<Decision>> {
        let decision = self.0.decision.as_ref().map(Decision::deserialize).transpose();
        decision.map_err(|error| problem(&app::Error::from(error)))
    }
}

/// One validation of one gate: a job, and once it has succeeded a verdict.
#[Object]
impl GateRun {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::GateRun, self.0.id)
    }

    /// How far it is.
    pub(crate) async fn status(&self) -> async_graphql::Result<JobStatus> {
        self.job_status().map(JobStatus::from)
    }

    /// How much of it is done: a decision is one step.
    pub(crate) async fn progress(&self) -> async_graphql::Result<JobProgress> {
        Ok(JobProgress { done: i32::from(self.job_status()? == Status::Succeeded), total: 1 })
    }

    /// Why it failed; null unless it is FAILED. What a worker cannot decide is tried again, then kept among
    /// the dead letters, and stays QUEUED meanwhile.
    pub(crate) async fn error(&self) -> Option<JobError> {
        None
    }

    /// When it was asked for.
    pub(crate) async fn queued_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// When a worker began it; null before, and when it was cancelled. It takes but an instant.
    pub(crate) async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at.filter(|_| self.0.verdict.is_some())
    }

    /// When it was decided or cancelled; null before.
    pub(crate) async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// The verdict; null until it is decided.
    async fn verdict(&self) -> Option<Verdict> {
        self.0.verdict.as_deref().map(|text| match text {
            "PASS" => Verdict::Pass,
            "FAIL" => Verdict::Fail,
            _ => Verdict::Inconclusive,
        })
    }

    /// How each criterion was decided; empty until then.
    #[graphql(directive = list_size::apply(2))]
    async fn criteria(&self) -> async_graphql::Result<Vec<CriterionResult>> {
        Ok(self
            .decision()?
            .map(|d| d.criteria)
            .unwrap_or_default()
            .into_iter()
            .map(CriterionResult)
            .collect())
    }

    /// The least that would turn it green; empty when it passed or is not decided.
    #[graphql(directive = list_size::apply(2))]
    async fn least(&self) -> async_graphql::Result<Vec<Remedy>> {
        let least = self.decision()?.map(|d| d.least).unwrap_or_default();
        Ok(least.into_iter().map(Remedy::from).collect())
    }

    /// What follows its failure; null when it did not fail, or nothing is given.
    async fn failure_action(&self) -> Option<async_graphql::Result<FailureAction>> {
        optional(async { Ok(self.decision()?.and_then(|d| d.failure).as_ref().map(FailureAction::from)) })
            .await
    }

    /// Entry or exit.
    async fn kind(&self) -> GateKind {
        if self.0.kind == "ENTRY" { GateKind::Entry } else { GateKind::Exit }
    }

    /// The gate.
    async fn gate(&self, ctx: &Context<'_>) -> async_graphql::Result<Gate> {
        let run = stage_run(ctx, self.0.stage_run_id).await?;
        let playbook = by_id(ctx, run.0.playbook_id).await?.playbook;
        let stage = u32::try_from(self.0.stage).unwrap_or(0);
        Ok(Gate { playbook, stage, key: self.0.gate.clone(), run: Some(self.0.stage_run_id) })
    }

    /// The stage run whose gate it is.
    async fn stage_run(&self, ctx: &Context<'_>) -> async_graphql::Result<StageRun> {
        stage_run(ctx, self.0.stage_run_id).await
    }

    /// The venture.
    async fn venture(&self, ctx: &Context<'_>) -> async_graphql::Result<Venture> {
        let found = session(ctx)?.load(VentureKey(self.0.venture_id)).await?;
        found.map(Venture).ok_or_else(|| not_found("the venture"))
    }

    /// Who asked.
    async fn requested_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async { person(ctx, self.0.requested_by_id).await }).await
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// When it was decided or cancelled.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// Name of the agent that decided it, or found it pointless; null when a person cancelled it.
    async fn decided_by(&self) -> Option<&str> {
        self.0.decided_by.as_deref()
    }

    /// Trace of the request, 32 hex digits.
    async fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }
}

/// A stage run that must be there.
pub(crate) async fn stage_run(ctx: &Context<'_>, id: uuid::Uuid) -> async_graphql::Result<StageRun> {
    let found = session(ctx)?.load(StageRunKey(id)).await?;
    found.map(StageRun).ok_or_else(|| not_found("the stage run"))
}

/// A person's name.
pub(crate) async fn person(ctx: &Context<'_>, id: uuid::Uuid) -> async_graphql::Result<Option<Person>> {
    let found = session(ctx)?.load(PersonKey(id)).await?;
    Ok(found.map(Person))
}

/// How one criterion was decided.
#[Object]
impl CriterionResult {
    /// Key of the criterion.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// What it says.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// How it stands.
    async fn verdict(&self) -> Verdict {
        self.0.verdict.into()
    }

    /// Facts that its rule read; empty when it is attested.
    async fn looked_at(&self) -> &[String] {
        &self.0.looked_at
    }

    /// What was there; null when nothing was.
    async fn seen(&self) -> Option<&str> {
        self.0.seen.as_deref()
    }

    /// What has to be there.
    async fn wanted(&self) -> &str {
        &self.0.wanted
    }

    /// When the oldest of what was seen held.
    async fn observed_at(&self) -> Option<DateTime<Utc>> {
        self.0.observed_at
    }

    /// How long before the decision that was, in seconds.
    async fn age_seconds(&self) -> Option<i64> {
        self.0.age_seconds
    }

    /// The evidence it rests on.
    #[graphql(directive = list_size::apply(2))]
    async fn evidence(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Evidence>> {
        let keys = self.0.evidence.iter().map(|id| EvidenceKey(*id));
        let mut found = session(ctx)?.load_many(keys).await?;
        let pieces = self.0.evidence.iter().filter_map(|id| found.remove(&EvidenceKey(*id)));
        Ok(pieces.map(Evidence).collect())
    }

    /// Why it does not pass; null when it does.
    async fn reason(&self) -> Option<CriterionReason> {
        let reason = self.0.reason.as_ref()?;
        let code = serde_json::to_value(reason.code).ok()?.as_str()?.to_owned();
        Some(CriterionReason { code, text: reason.text.clone() })
    }
}

impl From<gate::Verdict> for Verdict {
    fn from(verdict: gate::Verdict) -> Self {
        match verdict {
            gate::Verdict::Pass => Self::Pass,
            gate::Verdict::Fail => Self::Fail,
            gate::Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

impl From<gate::Remedy> for Remedy {
    fn from(remedy: gate::Remedy) -> Self {
        let action = match remedy.action {
            gate::Action::Attest => "attest",
            gate::Action::Provide => "provide",
            gate::Action::Change => "change",
        };
        Self {
            criterion: remedy.criterion,
            action: action.to_owned(),
            roles: remedy.roles.iter().map(ToString::to_string).collect(),
            fact: remedy.fact,
            text: remedy.text,
        }
    }
}
