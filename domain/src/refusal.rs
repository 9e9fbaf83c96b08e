//! Refusals: every reason for which a rule says no, with a code that stays.

use serde::{Deserialize, Serialize};

/// A rule's "no": a stable code, a sentence for a person, and the input field it is about.
///
/// Frontends branch on [`Refusal::code`]; the sentence may be reworded at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind of refusal it is.
    pub code: Code,
    /// One sentence for a person.
    pub message: String,
    /// The input field at fault, as the API spells it, innermost last.
    pub field: Vec<String>,
}

/// The kinds of refusal. The API spells them as here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// A value is outside its range, too long, too short or not of its form.
    InvalidInput,
    /// The record was changed since the version the caller saw.
    StaleVersion,
    /// The idempotency key was used before with another input.
    IdempotencyKeyReused,
    /// A record with this unique name exists.
    AlreadyExists,
    /// The venture is not active.
    VentureNotActive,
    /// The venture is not paused.
    VentureNotPaused,
    /// The venture has ended: killed or completed.
    VentureEnded,
    /// The stage has no such gate.
    UnknownGate,
    /// The stage has no such label, criterion or fact.
    UnknownLabel,
    /// The entry gates of the stage have not all passed.
    StageNotEntered,
    /// The entry gates of the stage have passed already.
    StageAlreadyEntered,
    /// The portfolio has a stage run that is open: it takes one at a time.
    StageRunOpen,
    /// The portfolio has no stage run that is open.
    NoStageRunOpen,
    /// The stage run has ended: completed, skipped or abandoned.
    StageRunEnded,
    /// The playbook has no such stage, or the stage is not the portfolio's.
    UnknownStage,
    /// Labels of the stage are not attested.
    DoneWhenOpen,
    /// A gate has not passed.
    GateNotPassed,
    /// A gate passed, but what it passed on has changed since.
    GateLapsed,
    /// The label needs a person of another role.
    AttestationNotAllowed,
    /// The attestation needs more evidence.
    EvidenceRequired,
    /// The evidence was withdrawn before.
    EvidenceWithdrawn,
    /// An agent may not do what only a person may.
    PersonRequired,
    /// The job has ended: it succeeded, failed or was cancelled.
    JobEnded,
    /// Neither the portfolio's playbook nor the platform has the role.
    UnknownRole,
    /// The role is not held, so it cannot be passed on.
    RoleNotHeld,
    /// The portfolio would be left without an ADMIN.
    LastAdmin,
    /// The person is a member already.
    AlreadyMember,
    /// The handle belongs to a person of whom something else is on record.
    HandleTaken,
    /// The subject of the OIDC issuer belongs to another person.
    SubjectTaken,
    /// The portfolio has as many members as it may have.
    TooManyMembers,
    /// The person has as many good tokens as one may have.
    TooManyTokens,
    /// The token was revoked before.
    TokenRevoked,
    /// The message is not among the dead letters any more.
    AlreadyReplayed,
    /// There are as many of these as there may be.
    LimitReached,
    /// The webhook endpoint is disabled: nothing is sent to it.
    WebhookEndpointDisabled,
    /// The webhook endpoint is not disabled.
    WebhookEndpointEnabled,
    /// The webhook source is disabled: nothing is taken from it.
    WebhookSourceDisabled,
    /// The webhook source is not disabled.
    WebhookSourceEnabled,
    /// The webhook id came before with another body.
    WebhookIdReused,
    /// The webhook event was neither rejected nor ignored, so there is nothing to do again.
    WebhookEventNotRejected,
    /// The data of a webhook event is not what its type says.
    WebhookDataInvalid,
    /// The evidence is of another stage run, or was withdrawn.
    EvidenceNotCitable,
    /// The system was started without a key to keep secrets by.
    SecretKeyMissing,
}

impl Refusal {
    /// A refusal of `code`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: Vec::new() }
    }

    /// An [`Code::InvalidInput`] about `field`.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput, message).at(field)
    }

    /// Names the input field at fault, dots between levels.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.field = field.split('.').map(str::to_owned).collect();
        self
    }

    /// The same refusal, one level deeper in the input.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.field.splice(0..0, parent.split('.').map(str::to_owned));
        self
    }
}
