//! Gates and criteria, as the playbook has them, with a run's latest verdict where there is a run.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use domain::playbook::{self, Playbook, Test};
use uuid::Uuid;

use super::gate_run::GateRun;
use crate::{
    cost::list_size,
    error::{not_found, optional},
    loader::LatestGateRuns,
    session::session,
};

/// A gate: it passes when all its criteria do.
pub(crate) struct Gate {
    pub(crate) playbook: Arc<Playbook>,
    pub(crate) stage: u32,
    pub(crate) key: String,
    pub(crate) run: Option<Uuid>,
}

/// Which side of a stage a gate guards.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GateKind {
    /// Before work begins.
    Entry,
    /// Before the next stage.
    Exit,
}

impl GateKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Entry => "ENTRY",
            Self::Exit => "EXIT",
        }
    }
}

/// What follows when a gate fails.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureActionKind {
    /// A role has to decide.
    Escalate,
    /// An earlier stage's result is reviewed; the run stays where it is.
    ReviewStage,
    /// Work goes back to a stage.
    RecurseTo,
}

/// What follows when a gate fails.
#[derive(SimpleObject, Clone)]
pub(crate) struct FailureAction {
    /// What it is.
    kind: FailureActionKind,
    /// The role that decides or reviews, where one is named.
    role: Option<String>,
    /// Number of the stage that is reviewed or gone back to.
    stage: Option<u32>,
}

/// One thing a gate wants.
#[derive(SimpleObject)]
pub(crate) struct Criterion {
    /// Its key, unique in the gate.
    key: String,
    /// What it says.
    label: String,
    /// The rule over facts that decides it; null when a person attests it.
    rule: Option<String>,
    /// Facts that the rule reads.
    facts: Vec<String>,
    /// The roles that may attest it, or the facts that people supply to its rule.
    roles: Vec<String>,
    /// The fewest pieces of evidence that an attestation needs.
    evidence: u32,
}

impl Gate {
    fn gate(&self) -> async_graphql::Result<&playbook::Gate> {
        let gate = self.playbook.stage(self.stage).and_then(|stage| stage.gate(&self.key));
        gate.ok_or_else(|| not_found("the gate"))
    }
}

/// A gate: it passes when all its criteria do.
#[Object]
impl Gate {
    /// Its key, unique in the stage: what `requestGateValidation` takes.
    async fn key(&self) -> &str {
        &self.key
    }

    /// Its label.
    async fn label(&self) -> async_graphql::Result<&str> {
        Ok(&self.gate()?.label)
    }

    /// Entry or exit.
    async fn kind(&self) -> async_graphql::Result<GateKind> {
        Ok(self.gate()?.kind.into())
    }

    /// What it wants; all of it.
    #[graphql(directive = list_size::apply(2))]
    async fn criteria(&self) -> async_graphql::Result<Vec<Criterion>> {
        Ok(self.gate()?.criteria.iter().map(criterion).collect())
    }

    /// What follows when it fails; null: nothing is given.
    async fn on_failure(&self) -> Option<async_graphql::Result<FailureAction>> {
        optional(async { Ok(self.gate()?.on_failure.as_ref().map(FailureAction::from)) }).await
    }

    /// Its latest validation in the stage run it was reached through; null when there was none, or when it
    /// was reached through the playbook.
    async fn latest_run(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<GateRun>> {
        optional(async {
            let Some(run) = self.run else { return Ok(None) };
            let runs = session(ctx)?.load(LatestGateRuns(run)).await?;
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
        evidence,
    }
}

impl From<playbook::GateKind> for GateKind {
    fn from(kind: playbook::GateKind) -> Self {
        match kind {
            playbook::GateKind::Entry => Self::Entry,
            playbook::GateKind::Exit => Self::Exit,
        }
    }
}

impl From<&playbook::FailureAction> for FailureAction {
    fn from(action: &playbook::FailureAction) -> Self {
        match action {
            playbook::FailureAction::Escalate { role } => {
                Self { kind: FailureActionKind::Escalate, role: Some(role.to_string()), stage: None }
            }
            playbook::FailureAction::ReviewStage { stage, role } => Self {
                kind: FailureActionKind::ReviewStage,
                role: role.as_ref().map(ToString::to_string),
                stage: Some(*stage),
            },
            playbook::FailureAction::RecurseTo { stage } => {
                Self { kind: FailureActionKind::RecurseTo, role: None, stage: Some(*stage) }
            }
        }
    }
}
