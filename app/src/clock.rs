//! Time and ids: the one source of each, injected.

use std::fmt::Debug;

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Where "now" comes from.
pub trait Clock: Send + Sync + Debug {
    /// The current time, to the microsecond: PostgreSQL keeps no more, and cursors compare exactly.
    fn now(&self) -> DateTime<Utc>;
}

/// Where new ids come from.
pub trait Ids: Send + Sync + Debug {
    /// A new UUID, later ones greater.
    fn next(&self) -> Uuid;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// UUIDs of version 7.
#[derive(Debug)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
