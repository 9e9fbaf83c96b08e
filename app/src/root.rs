//! Roots under lock: what a command may change of a venture or a portfolio, beside what stood before.

use chrono::{DateTime, Utc};
use domain::{portfolio::Portfolio, stage_run::StageRun, venture::Venture};
use sea_orm::{ActiveModelTrait, EntityTrait, Iterable, sea_query::UpdateStatement};
use serde_json::Value;

use crate::{portfolio, venture};

/// An aggregate with a version, a lock and a stream of events.
pub(crate) trait Root: Clone + PartialEq {
    /// The last number of its stream.
    fn sequence(&self) -> i64;

    /// Raises its version, and its sequence by so many events.
    fn advance(&mut self, events: i64, now: DateTime<Utc>);

    /// What is recorded of it before and after a command.
    fn state(&self) -> Value;

    /// Writes what changed, if the row is at the version that was read.
    fn update(before: &Self, now: &Self) -> UpdateStatement;
}

impl Root for Venture {
    fn sequence(&self) -> i64 {
        self.sequence
    }

    fn advance(&mut self, events: i64, now: DateTime<Utc>) {
        self.version += 1;
        self.sequence += events;
        self.updated_at = now;
    }

    fn state(&self) -> Value {
        venture::store::state(self)
    }

    fn update(before: &Self, now: &Self) -> UpdateStatement {
        venture::store::update(before, now)
    }
}

impl Root for Portfolio {
    fn sequence(&self) -> i64 {
        self.sequence
    }

    fn advance(&mut self, events: i64, now: DateTime<Utc>) {
        self.version += 1;
        self.sequence += events;
        self.updated_at = now;
    }

    fn state(&self) -> Value {
        portfolio::store::state(self)
    }

    fn update(before: &Self, now: &Self) -> UpdateStatement {
        portfolio::store::update(before, now)
    }
}

/// A value as it is in the database, and as the command leaves it.
#[derive(Clone, Debug)]
pub(crate) struct Held<T> {
    /// As it was; none: the command makes it.
    pub(crate) before: Option<T>,
    /// As it is to be.
    pub(crate) now: T,
}

impl<T: Clone + PartialEq> Held<T> {
    /// As read.
    pub(crate) fn read(value: T) -> Self {
        Self { before: Some(value.clone()), now: value }
    }

    /// To be made.
    pub(crate) fn made(value: T) -> Self {
        Self { before: None, now: value }
    }

    /// Whether it is to be written.
    pub(crate) fn is_changed(&self) -> bool {
        self.before.as_ref() != Some(&self.now)
    }

    /// After it was written.
    pub(crate) fn written(&mut self) {
        self.before = Some(self.now.clone());
    }
}

/// A stage run under its root's lock.
pub(crate) type HeldRun = Held<StageRun>;

/// Of a row, only what differs from the row before.
pub(crate) fn changes<A>(before: &A, mut now: A) -> A
where
    A: ActiveModelTrait,
{
    for column in <<A::Entity as EntityTrait>::Column as Iterable>::iter() {
        if before.get(column) == now.get(column) {
            now.not_set(column);
        }
    }
    now
}
