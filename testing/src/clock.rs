//! Clocks of tests: one that stands still until it is moved, and one that runs fast.

use std::sync::Mutex;

use app::clock::{Clock, SystemClock};
use chrono::{DateTime, Duration, TimeZone, Utc};

/// Stands at 2 March 2026, 09:00 UTC, a Monday, until moved.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap()))
    }
}

impl TestClock {
    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// A clock that runs faster than the machine's, the same in every process that is told when it began: leases and
/// backoffs of minutes are over in seconds.
#[derive(Clone, Copy, Debug)]
pub struct FastClock {
    began: DateTime<Utc>,
}

impl FastClock {
    /// How much faster.
    const FACTOR: i32 = 20;

    /// One that begins now.
    pub fn begin() -> Self {
        Self { began: SystemClock.now() }
    }

    /// When it began, to be told to another process.
    pub fn began(&self) -> String {
        self.began.to_rfc3339()
    }

    /// The one that began then.
    pub fn since(began: &str) -> Self {
        Self { began: DateTime::parse_from_rfc3339(began).expect("a time").to_utc() }
    }
}

impl Clock for FastClock {
    fn now(&self) -> DateTime<Utc> {
        self.began + (SystemClock.now() - self.began) * Self::FACTOR
    }
}
