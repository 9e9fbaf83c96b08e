//! What stores share: the way between rows and the domain's values.

use crate::Error;

pub(crate) use crate::record::{by_id, by_ids, find, keyed};

/// A row that the database should not hold.
pub(crate) fn corrupt(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("the database holds {what}"))
}
