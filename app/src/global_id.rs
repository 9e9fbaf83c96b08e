//! Global ids: what the API and webhooks call a record by. Opaque to callers, a type and a key within.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// Types whose records have a global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the record of that name")]
pub enum Kind {
    Portfolio,
    Venture,
    StageRun,
    GateRun,
    Attestation,
    Evidence,
    File,
    Playbook,
    DeadLetter,
    Event,
    Person,
    Member,
    Token,
    WebhookEndpoint,
    WebhookDelivery,
    WebhookSource,
    WebhookEvent,
    MetricSample,
    WebhookMessage,
}

/// Each with its name in the schema.
const KINDS: [(Kind, &str); 19] = [
    (Kind::Portfolio, "Portfolio"),
    (Kind::Venture, "Venture"),
    (Kind::StageRun, "StageRun"),
    (Kind::GateRun, "GateRun"),
    (Kind::Attestation, "Attestation"),
    (Kind::Evidence, "Evidence"),
    (Kind::File, "File"),
    (Kind::Playbook, "Playbook"),
    (Kind::DeadLetter, "DeadLetter"),
    (Kind::Event, "Event"),
    (Kind::Person, "Person"),
    (Kind::Member, "Member"),
    (Kind::Token, "ApiToken"),
    (Kind::WebhookEndpoint, "WebhookEndpoint"),
    (Kind::WebhookDelivery, "WebhookDelivery"),
    (Kind::WebhookSource, "WebhookSource"),
    (Kind::WebhookEvent, "WebhookEvent"),
    (Kind::MetricSample, "MetricSample"),
    (Kind::WebhookMessage, "WebhookMessage"),
];

impl Kind {
    /// The name of the type in the schema.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// The global id of a record.
pub fn encode(kind: Kind, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{}", kind.name(), id.simple()))
}

/// Type and key of a global id; none when it is not one of ours.
pub fn decode(id: &str) -> Option<(Kind, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (name, key) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((Kind::named(name)?, Uuid::try_parse(key).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_what_they_name_and_nothing_else_passes() {
        let key = Uuid::from_u128(7);
        for (kind, _) in KINDS {
            assert_eq!(decode(&encode(kind, key)), Some((kind, key)));
        }
        for bad in ["", "x", "VmVudHVyZTo", "7"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
