//! What a command is about: found within the actor's sight, and its root locked, before it runs.

use domain::{
    RootId,
    id::{Id, kind},
};

use crate::record::{Record, RecordId};

/// What a command is about.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub(crate) place: Place,
    /// The version that the caller saw, to refuse a change of something newer.
    pub(crate) seen: Option<i64>,
    /// Whether the root is locked.
    pub(crate) locks: bool,
}

/// Where a command's effects belong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// To no portfolio.
    Platform,
    /// To a root.
    Root(RootId),
    /// To the root of a record.
    Record(RecordId),
}

impl Target {
    /// The platform itself: no portfolio.
    pub fn platform() -> Self {
        Self { place: Place::Platform, seen: None, locks: false }
    }

    pub(crate) fn of(place: Place) -> Self {
        Self { place, seen: None, locks: true }
    }

    /// A root: locked.
    pub fn root(root: impl Into<RootId>) -> Self {
        Self { place: Place::Root(root.into()), seen: None, locks: true }
    }

    /// A record: its root is locked.
    pub fn record<M: Record>(id: Id<M::Of>) -> Self {
        Self { place: Place::Record(RecordId::of::<M>(id)), seen: None, locks: true }
    }

    /// A portfolio to which something is added that is a root of its own, or is only appended. Not locked.
    pub fn within(portfolio: Id<kind::Portfolio>) -> Self {
        Self::root(portfolio).appended()
    }

    /// Refuses a root that is newer than the version that the caller saw.
    #[must_use]
    pub fn seen(self, version: Option<i64>) -> Self {
        Self { seen: version, ..self }
    }

    /// The same without the root's lock, for what is only appended: it changes nothing of the root, and is idempotent
    /// by a key of its own.
    #[must_use]
    pub fn appended(self) -> Self {
        Self { locks: false, ..self }
    }
}
