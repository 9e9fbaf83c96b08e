//! Steps that a viewer can take in a stage run.

use async_graphql::{Enum, SimpleObject};
use domain::{
    Role,
    agenda::{Action, Step},
    evidence::Target,
};

/// Kind of a step.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitingAction {
    /// Attest a done-when label with `attest`.
    AttestLabel,
    /// Attest a criterion of a gate with `attest`.
    AttestCriterion,
    /// Attest the value of a fact with `attest`.
    AttestFact,
    /// Validate a gate with `requestGateValidation`. With what is known now, the gate would pass.
    ValidateGate,
    /// Move the venture to its next stage with `advanceVenture`.
    Advance,
    /// Complete the portfolio's stage run, with `completeStageRun`.
    Complete,
}

/// A step that the viewer can take.
#[derive(SimpleObject)]
pub(crate) struct WaitingStep {
    /// Kind of the step.
    action: WaitingAction,
    /// Key of the label, criterion or gate, or name of the fact. Null when the action is ADVANCE.
    key: Option<String>,
    /// Key of the gate. Null unless the action is ATTEST_CRITERION or VALIDATE_GATE.
    gate: Option<String>,
    /// The step in words, one sentence for a person.
    text: String,
    /// Role that owns the step. Null when every role in `roles` may take it alike.
    owner: Option<String>,
    /// Whether the viewer holds the owner's role. True when the step has no owner.
    owned: bool,
    /// Roles that may take the step.
    roles: Vec<String>,
}

impl WaitingStep {
    /// A step, as the holder of some roles sees it.
    pub(super) fn of(step: &Step, held: &[Role]) -> Self {
        let (action, key, gate) = match &step.action {
            Action::Attest(Target::DoneWhen(key)) => (WaitingAction::AttestLabel, Some(key), None),
            Action::Attest(Target::Criterion { gate, criterion }) => {
                (WaitingAction::AttestCriterion, Some(criterion), Some(gate))
            }
            Action::Attest(Target::Fact(name)) => (WaitingAction::AttestFact, Some(name), None),
            Action::Validate { gate } => (WaitingAction::ValidateGate, Some(gate), Some(gate)),
            Action::Advance => (WaitingAction::Advance, None, None),
            Action::Complete => (WaitingAction::Complete, None, None),
        };
        Self {
            action,
            key: key.cloned(),
            gate: gate.cloned(),
            text: step.text.clone(),
            owner: step.owner.as_ref().map(Role::to_string),
            owned: held.iter().any(|role| step.is_owned(role)),
            roles: step.roles.iter().map(Role::to_string).collect(),
        }
    }
}
