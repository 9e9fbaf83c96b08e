//! A clock that stands still until a test moves it.

use std::sync::Mutex;

use app::clock::Clock;
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
