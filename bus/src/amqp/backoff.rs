//! Pauses between attempts: doubling, capped, jittered, so that many processes do not knock in step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);

/// The state of one series of attempts.
pub(super) struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    pub(super) fn new(max: Duration) -> Self {
        Self { next: FIRST.min(max), max }
    }

    /// Starts the series anew after a success.
    pub(super) fn reset(&mut self) {
        self.next = FIRST.min(self.max);
    }

    /// Sleeps between half and the whole of the current step, then doubles it.
    pub(super) async fn pause(&mut self) {
        let step = self.next;
        self.next = step.saturating_mul(2).min(self.max);
        tokio::time::sleep(step.mul_f64(rand::random_range(0.5..=1.0))).await;
    }
}
