//! Gates and criteria, as a playbook defines them, with the latest verdict of a stage run.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use domain::playbook::{self, FailureActionKind as ActionKind, Playbook, Test};
use uuid::Uuid;

use crate::{
    cost::list_size,
    error::{not_found, optional},
    gate_run::{GateRun, LatestGateRuns},
    session::session,
};

/// A gate of a stage.
pub(crate) struct Gate {
    pub(crate) playbook: Arc<Playbook>,
    pub(crate) stage: u32,
    pub(crate) key: String,
    /// The stage run through which the gate was reached; none through the playbook.
    pub(crate) run: Option<Uuid>,
}

/// Side of a stage that a gate guards.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "playbook::GateKind")]
pub(crate) enum GateKind {
    /// The gate must pass before work on the stage begins.
    Entry,
    /// The gate must pass before the next stage begins.
    Exit,
}

/// Kind of action after the failure of a gate.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ActionKind")]
pub(crate) enum FailureActionKind {
    /// A role decides what happens.
    Escalate,
    /// The result of an earlier stage is reviewed. The venture stays in its stage.
    ReviewStage,
    /// Work goes back to an earlier stage.
    RecurseTo,
}

/// Action that a playbook prescribes after the failure of a gate.
#[derive(SimpleObject, Clone)]
pub(crate) struct FailureAction {
    /// Kind of action.
    kind: FailureActionKind,
    /// Role that decides or reviews. Null when the playbook names none.
    role: Option<String>,
    /// Number of the stage that is reviewed or gone back to. Null when the kind is ESCALATE.
    stage: Option<u32>,
}

/// One condition of a gate.
#[derive(SimpleObject)]
pub(crate) struct Criterion {
    /// Key, unique in the gate.
    key: String,
    /// Text.
    label: String,
    /// Rule over facts that decides the criterion. Null when a person attests it.
    rule: Option<String>,
    /// Names of the facts that the rule reads. Empty when a person attests the criterion.
    facts: Vec<String>,
    /// Roles that may attest the criterion, or the facts of its rule that people supply.
    roles: Vec<String>,
    /// Least number of pieces of evidence that an attestation needs.
    minimum_evidence: u32,
}

impl Gate {
    fn gate(&self) -> async_graphql::Result<&playbook::Gate> {
        let gate = self.playbook.stage(self.stage).and_then(|stage| stage.gate(&self.key));
        gate.ok_or_else(|| not_found("the gate"))
    }
}

/// A gate of a stage. It passes when all its criteria pass.
#[Object]
impl Gate {
    /// Key, unique in the stage. `requestGateValidation` takes it as `gate`.
    async fn key(&self) -> &str {
        &self.key
    }

    /// Text.
    async fn label(&self) -> async_graphql::Result<&str> {
        Ok(&self.gate()?.label)
    }

    /// Side of the stage that the gate guards.
    async fn kind(&self) -> async_graphql::Result<GateKind> {
        Ok(self.gate()?.kind.into())
    }

    /// Criteria, which must all pass.
    #[graphql(directive = list_size::apply(2))]
    async fn criteria(&self) -> async_graphql::Result<Vec<Criterion>> {
        Ok(self.gate()?.criteria.iter().map(criterion).collect())
    }

    /// Action after a failure. Null when the playbook prescribes none.
    async fn on_failure(&self) -> Option<async_graphql::Result<FailureAction>> {
        optional(async { Ok(self.gate()?.on_failure.as_ref().map(FailureAction::from)) }).await
    }

    /// Latest gate run in the stage run through which the gate was reached. Null when there was no gate run yet, and
    /// when the gate was reached through a playbook.
    async fn latest_run(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<GateRun>> {
        optional(async {
            let Some(run) = self.run else { return Ok(None) };
            let runs = session(ctx)?.load::<LatestGateRuns>(run).await?;
            let latest = runs.as_deref().unwrap_or_default().iter().find(|row| row.gate == self.key);
            Ok(latest.cloned().map(GateRun))
        })
        .await
    }
}

fn criterion(criterion: &playbook::Criterion) -> Criterion {
    let (rule, facts, roles, evidence) = match &criterion.test {
        Test::Attested { roles, evidence } => (None, Vec::new(), roles, *evidence),
        Test::Rule { expression, roles, evidence } => {
            let facts = expression.facts_used().iter().cloned().collect();
            (Some(expression.source().to_owned()), facts, roles, *evidence)
        }
    };
    Criterion {
        key: criterion.key.clone(),
        label: criterion.label.clone(),
        rule,
        facts,
        roles: roles.iter().map(ToString::to_string).collect(),
        minimum_evidence: evidence,
    }
}

impl From<&playbook::FailureAction> for FailureAction {
    fn from(action: &playbook::FailureAction) -> Self {
        let (role, stage) = match action {
            playbook::FailureAction::Escalate { role } => (Some(role), None),
            playbook::FailureAction::ReviewStage { stage, role } => (role.as_ref(), Some(*stage)),
            playbook::FailureAction::RecurseTo { stage } => (None, Some(*stage)),
        };
        Self { kind: action.kind().into(), role: role.map(ToString::to_string), stage }
    }
}
