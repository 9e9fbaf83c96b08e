//! Global ids as arguments and fields have them.

use app::global_id;
use async_graphql::ID;
use domain::id::Id;
use uuid::Uuid;

use crate::error::not_found;

pub(crate) use app::global_id::{Kind, decode};

/// The global id of a record.
pub(crate) fn encode(kind: Kind, id: Uuid) -> ID {
    ID(global_id::encode(kind, id))
}

/// The key of a global id of one kind. An id of another kind is not found.
pub(crate) fn expect(kind: Kind, id: &ID) -> async_graphql::Result<Uuid> {
    match decode(id) {
        Some((found, key)) if found == kind => Ok(key),
        _ => Err(not_found("the record")),
    }
}

/// The typed id that an input names. An id of another kind is not found.
pub(crate) fn id_of<K>(kind: Kind, id: &ID) -> async_graphql::Result<Id<K>> {
    expect(kind, id).map(Id::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_kind_is_not_found() {
        let key = Uuid::from_u128(7);
        assert_eq!(expect(Kind::Venture, &encode(Kind::Venture, key)).ok(), Some(key));
        assert!(expect(Kind::Venture, &encode(Kind::GateRun, key)).is_err());
        assert!(expect(Kind::Venture, &ID("x".to_owned())).is_err());
    }
}
