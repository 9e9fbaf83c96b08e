//! Global ids: opaque to callers, a type and a key within.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::error::not_found;

/// Types whose records have a global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
}

const KINDS: [(Kind, &str); 13] = [
    (Kind::Portfolio, "Portfolio"),
    (Kind::Venture, "Venture"),
    (Kind::StageRun, "StageRun"),
    (Kind::GateRun, "GateRun"),
    (Kind::Attestation, "Attestation"),
    (Kind::Evidence, "Evidence"),
    (Kind::File, "File"),
    (Kind::Playbook, "Playbook"),
    (Kind::DeadLetter, "DeadLetter"),
    (Kind::Event, "VentureEvent"),
    (Kind::Person, "Person"),
    (Kind::Member, "Member"),
    (Kind::Token, "ApiToken"),
];

/// The global id of a record.
pub(crate) fn encode(kind: Kind, id: Uuid) -> ID {
    let name = KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name);
    ID(URL_SAFE_NO_PAD.encode(format!("{name}:{}", id.simple())))
}

/// Type and key of a global id; none when it is not one of ours.
pub(crate) fn decode(id: &str) -> Option<(Kind, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (name, key) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    let (kind, _) = KINDS.iter().find(|(_, known)| *known == name)?;
    Some((*kind, Uuid::try_parse(key).ok()?))
}

/// The key of an id that must be of a kind; anything else is not found.
pub(crate) fn expect(kind: Kind, id: &ID) -> async_graphql::Result<Uuid> {
    match decode(id) {
        Some((found, key)) if found == kind => Ok(key),
        _ => Err(not_found("the record")),
    }
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
        assert!(expect(Kind::Venture, &encode(Kind::Venture, key)).is_ok());
        assert!(expect(Kind::Venture, &encode(Kind::GateRun, key)).is_err());
        for bad in ["", "x", "VmVudHVyZTo", "7"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
