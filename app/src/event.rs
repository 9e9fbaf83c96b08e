//! Events: what the history is made of. A wire name, once used, keeps its meaning and its shape.

use chrono::{DateTime, Utc};
use domain::{
    Role,
    evidence::Target,
    gate::Verdict,
    id::{Id, kind},
    playbook::{FailureAction, GateKind},
    stage_run::StageRun,
    venture::Profile,
    webhook::DisabledReason,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Something that happened to a venture or a portfolio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
#[expect(
    missing_docs,
    reason = "each field is the value of that name at the time; the variant says the event"
)]
pub enum Event {
    /// A portfolio was created.
    #[serde(rename = "portfolio.created.v1")]
    PortfolioCreated { slug: String, name: String },
    /// New stage runs of the portfolio start with another playbook.
    #[serde(rename = "portfolio.playbook_adopted.v1")]
    PlaybookAdopted { playbook_id: Id<kind::Playbook>, name: String, version: String },
    /// A person became a member.
    #[serde(rename = "member.added.v1")]
    MemberAdded { member_id: Id<kind::Member>, person_id: Id<kind::Person>, handle: String, roles: Vec<Role> },
    /// A member's roles became others.
    #[serde(rename = "member.roles_changed.v1")]
    MemberRolesChanged {
        member_id: Id<kind::Member>,
        person_id: Id<kind::Person>,
        before: Vec<Role>,
        after: Vec<Role>,
    },
    /// A person is a member no longer.
    #[serde(rename = "member.removed.v1")]
    MemberRemoved { member_id: Id<kind::Member>, person_id: Id<kind::Person> },
    /// An API token bound to the portfolio was made.
    #[serde(rename = "token.created.v1")]
    TokenCreated {
        token_id: Id<kind::Token>,
        person_id: Id<kind::Person>,
        label: String,
        roles: Option<Vec<Role>>,
        expires_at: Option<DateTime<Utc>>,
    },
    /// An API token bound to the portfolio was revoked.
    #[serde(rename = "token.revoked.v1")]
    TokenRevoked { token_id: Id<kind::Token>, person_id: Id<kind::Person> },
    /// An integration may send events.
    #[serde(rename = "webhook_source.created.v1")]
    WebhookSourceCreated {
        webhook_source_id: Id<kind::WebhookSource>,
        person_id: Id<kind::Person>,
        name: String,
    },
    /// What is said of an integration changed.
    #[serde(rename = "webhook_source.updated.v1")]
    WebhookSourceUpdated { webhook_source_id: Id<kind::WebhookSource>, name: String },
    /// An integration signs by another secret.
    #[serde(rename = "webhook_source.secret_rotated.v1")]
    WebhookSourceSecretRotated {
        webhook_source_id: Id<kind::WebhookSource>,
        previous_until: Option<DateTime<Utc>>,
    },
    /// Nothing more is taken from an integration.
    #[serde(rename = "webhook_source.disabled.v1")]
    WebhookSourceDisabled { webhook_source_id: Id<kind::WebhookSource> },
    /// Events are taken from an integration again.
    #[serde(rename = "webhook_source.enabled.v1")]
    WebhookSourceEnabled { webhook_source_id: Id<kind::WebhookSource> },
    /// A venture was created, and its first stage opened.
    #[serde(rename = "venture.created.v1")]
    VentureCreated { profile: Profile, stage: u32 },
    /// What is said of the venture changed.
    #[serde(rename = "venture.updated.v1")]
    VentureUpdated { before: Profile, after: Profile },
    /// It rests.
    #[serde(rename = "venture.paused.v1")]
    VenturePaused { reason: String },
    /// It runs again.
    #[serde(rename = "venture.resumed.v1")]
    VentureResumed {},
    /// It was given up.
    #[serde(rename = "venture.killed.v1")]
    VentureKilled { reason: String },
    /// It passed the last stage.
    #[serde(rename = "venture.completed.v1")]
    VentureCompleted {},
    /// A run of a stage opened.
    #[serde(rename = "stage.opened.v1")]
    StageOpened { stage_run_id: Id<StageRun>, stage: u32, attempt: u32 },
    /// Its entry gates had all passed.
    #[serde(rename = "stage.entered.v1")]
    StageEntered { stage_run_id: Id<StageRun>, stage: u32 },
    /// It was left through its exit gates.
    #[serde(rename = "stage.completed.v1")]
    StageCompleted { stage_run_id: Id<StageRun>, stage: u32 },
    /// Its expected days were over and it was open still.
    #[serde(rename = "stage.late.v1")]
    StageLate { stage_run_id: Id<StageRun>, stage: u32, expected_days: u32 },
    /// A person attested a label or a fact.
    #[serde(rename = "attestation.given.v1")]
    AttestationGiven {
        attestation_id: Id<kind::Attestation>,
        target: Target,
        by_role: Role,
        evidence_ids: Vec<Id<kind::Evidence>>,
    },
    /// Evidence was submitted by itself.
    #[serde(rename = "evidence.submitted.v1")]
    EvidenceSubmitted { evidence_id: Id<kind::Evidence>, stage_run_id: Id<StageRun>, title: String },
    /// Evidence was withdrawn. What was submitted by itself has no attestation of its own.
    #[serde(rename = "evidence.withdrawn.v1")]
    EvidenceWithdrawn {
        evidence_id: Id<kind::Evidence>,
        attestation_id: Option<Id<kind::Attestation>>,
        reason: String,
    },
    /// A gate's validation was asked for.
    #[serde(rename = "gate_run.requested.v1")]
    GateRunRequested { gate_run_id: Id<kind::GateRun>, stage: u32, gate: String, gate_kind: GateKind },
    /// A gate was decided.
    #[serde(rename = "gate_run.decided.v1")]
    GateRunDecided {
        gate_run_id: Id<kind::GateRun>,
        stage: u32,
        gate: String,
        gate_kind: GateKind,
        verdict: Verdict,
        failure_action: Option<FailureAction>,
    },
    /// A validation was cancelled by a person, or had become pointless: its stage run was over.
    #[serde(rename = "gate_run.cancelled.v1")]
    GateRunCancelled { gate_run_id: Id<kind::GateRun>, stage: u32, gate: String },
    // Of an endpoint's address nothing is said: some hold a secret, and the event is told to the others.
    /// An endpoint for webhooks was made.
    #[serde(rename = "webhook_endpoint.created.v1")]
    WebhookEndpointCreated { endpoint_id: Id<kind::WebhookEndpoint>, event_types: Option<Vec<String>> },
    /// An endpoint's address, description or event types changed.
    #[serde(rename = "webhook_endpoint.updated.v1")]
    WebhookEndpointUpdated { endpoint_id: Id<kind::WebhookEndpoint>, event_types: Option<Vec<String>> },
    /// An endpoint is told of events again.
    #[serde(rename = "webhook_endpoint.enabled.v1")]
    WebhookEndpointEnabled { endpoint_id: Id<kind::WebhookEndpoint> },
    /// An endpoint is told of nothing any more, by a person or because it does not answer.
    #[serde(rename = "webhook_endpoint.disabled.v1")]
    WebhookEndpointDisabled { endpoint_id: Id<kind::WebhookEndpoint>, reason: DisabledReason },
    /// An endpoint was deleted.
    #[serde(rename = "webhook_endpoint.deleted.v1")]
    WebhookEndpointDeleted { endpoint_id: Id<kind::WebhookEndpoint> },
    /// An endpoint has a new secret; those before it sign too until then.
    #[serde(rename = "webhook_endpoint.secret_rotated.v1")]
    WebhookSecretRotated { endpoint_id: Id<kind::WebhookEndpoint>, old_until: DateTime<Utc> },
}

/// Every kind of event: its wire name, and what happened.
pub const KINDS: [(&str, &str); 34] = [
    ("portfolio.created.v1", "A portfolio was created."),
    ("portfolio.playbook_adopted.v1", "New stage runs of the portfolio start with another playbook."),
    ("member.added.v1", "A person became a member."),
    ("member.roles_changed.v1", "A member's roles became others."),
    ("member.removed.v1", "A person is a member no longer."),
    ("token.created.v1", "An API token bound to the portfolio was made."),
    ("token.revoked.v1", "An API token bound to the portfolio was revoked."),
    ("webhook_source.created.v1", "A webhook source was made, with its person."),
    ("webhook_source.updated.v1", "What is said of a webhook source changed."),
    ("webhook_source.secret_rotated.v1", "A webhook source was given a new secret."),
    ("webhook_source.disabled.v1", "Events are taken from a webhook source no more."),
    ("webhook_source.enabled.v1", "Events are taken from a webhook source again."),
    ("venture.created.v1", "A venture was created, and its first stage opened."),
    ("venture.updated.v1", "What is said of the venture changed."),
    ("venture.paused.v1", "The venture rests."),
    ("venture.resumed.v1", "The venture runs again."),
    ("venture.killed.v1", "The venture was given up."),
    ("venture.completed.v1", "The venture passed the last stage."),
    ("stage.opened.v1", "A run of a stage opened."),
    ("stage.entered.v1", "The entry gates of the stage had all passed."),
    ("stage.completed.v1", "The stage was left through its exit gates."),
    ("stage.late.v1", "The stage's expected days were over and it was open still."),
    ("attestation.given.v1", "A person attested a label or a fact."),
    ("evidence.submitted.v1", "Evidence was submitted by itself, for attestations to cite."),
    ("evidence.withdrawn.v1", "Evidence was withdrawn."),
    ("gate_run.requested.v1", "A gate's validation was asked for."),
    ("gate_run.decided.v1", "A gate was decided."),
    ("gate_run.cancelled.v1", "A validation was cancelled, or had become pointless."),
    ("webhook_endpoint.created.v1", "A webhook endpoint was made."),
    ("webhook_endpoint.updated.v1", "A webhook endpoint's address, description or event types changed."),
    ("webhook_endpoint.enabled.v1", "A webhook endpoint is told of events again."),
    (
        "webhook_endpoint.disabled.v1",
        "A webhook endpoint was disabled, by a person or because it does not answer.",
    ),
    ("webhook_endpoint.deleted.v1", "A webhook endpoint was deleted."),
    ("webhook_endpoint.secret_rotated.v1", "A webhook endpoint has a new secret."),
];

impl Event {
    /// The wire name, such as `venture.created.v1`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PortfolioCreated { .. } => "portfolio.created.v1",
            Self::PlaybookAdopted { .. } => "portfolio.playbook_adopted.v1",
            Self::MemberAdded { .. } => "member.added.v1",
            Self::MemberRolesChanged { .. } => "member.roles_changed.v1",
            Self::MemberRemoved { .. } => "member.removed.v1",
            Self::TokenCreated { .. } => "token.created.v1",
            Self::TokenRevoked { .. } => "token.revoked.v1",
            Self::WebhookSourceCreated { .. } => "webhook_source.created.v1",
            Self::WebhookSourceUpdated { .. } => "webhook_source.updated.v1",
            Self::WebhookSourceSecretRotated { .. } => "webhook_source.secret_rotated.v1",
            Self::WebhookSourceDisabled { .. } => "webhook_source.disabled.v1",
            Self::WebhookSourceEnabled { .. } => "webhook_source.enabled.v1",
            Self::VentureCreated { .. } => "venture.created.v1",
            Self::VentureUpdated { .. } => "venture.updated.v1",
            Self::VenturePaused { .. } => "venture.paused.v1",
            Self::VentureResumed {} => "venture.resumed.v1",
            Self::VentureKilled { .. } => "venture.killed.v1",
            Self::VentureCompleted {} => "venture.completed.v1",
            Self::StageOpened { .. } => "stage.opened.v1",
            Self::StageEntered { .. } => "stage.entered.v1",
            Self::StageCompleted { .. } => "stage.completed.v1",
            Self::StageLate { .. } => "stage.late.v1",
            Self::AttestationGiven { .. } => "attestation.given.v1",
            Self::EvidenceSubmitted { .. } => "evidence.submitted.v1",
            Self::EvidenceWithdrawn { .. } => "evidence.withdrawn.v1",
            Self::GateRunRequested { .. } => "gate_run.requested.v1",
            Self::GateRunDecided { .. } => "gate_run.decided.v1",
            Self::GateRunCancelled { .. } => "gate_run.cancelled.v1",
            Self::WebhookEndpointCreated { .. } => "webhook_endpoint.created.v1",
            Self::WebhookEndpointUpdated { .. } => "webhook_endpoint.updated.v1",
            Self::WebhookEndpointEnabled { .. } => "webhook_endpoint.enabled.v1",
            Self::WebhookEndpointDisabled { .. } => "webhook_endpoint.disabled.v1",
            Self::WebhookEndpointDeleted { .. } => "webhook_endpoint.deleted.v1",
            Self::WebhookSecretRotated { .. } => "webhook_endpoint.secret_rotated.v1",
        }
    }

    /// The body, without the kind.
    pub fn body(&self) -> Result<serde_json::Value, Error> {
        let mut value = serde_json::to_value(self)?;
        Ok(value.get_mut("body").map(serde_json::Value::take).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds that there are, as the deserialiser knows them.
    fn known() -> Vec<String> {
        let unknown = serde_json::json!({ "kind": "no.such.v1", "body": {} });
        let error = serde_json::from_value::<Event>(unknown).unwrap_err().to_string();
        let (_, listed) = error.split_once("expected one of ").unwrap();
        listed.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
    }

    #[test]
    fn every_kind_is_listed_and_described() {
        let listed: Vec<_> = KINDS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, known());
        assert!(KINDS.iter().all(|(_, description)| description.ends_with('.')));
    }
}
