//! Global ids as the schema has them; what is within is `app`'s.

use app::global_id;
use async_graphql::ID;
use uuid::Uuid;

use crate::error::not_found;

pub(crate) use app::global_id::Kind;

/// The global id of a record.
pub(crate) fn encode(kind: Kind, id: Uuid) -> ID {
    ID(global_id::encode(kind, id))
}

/// Type and key of a global id; none when it is not one of ours.
pub(crate) fn decode(id: &str) -> Option<(Kind, Uuid)> {
    global_id::decode(id)
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
    fn an_id_is_of_the_kind_that_is_asked_for() {
        let key = Uuid::from_u128(7);
        assert!(expect(Kind::Venture, &encode(Kind::Venture, key)).is_ok());
        assert!(expect(Kind::Venture, &encode(Kind::GateRun, key)).is_err());
        assert!(expect(Kind::Venture, &ID("x".to_owned())).is_err());
    }
}
