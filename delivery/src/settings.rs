//! How delivery is paced.

use std::time::Duration;

/// How delivery is paced. The defaults suit production.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Messages a relay has under way at once.
    pub in_flight: u32,
    /// How long a relay, or a sweep, keeps what it leased to itself.
    pub lease: Duration,
    /// The least time between two leases of a relay: what is written meanwhile is leased together.
    pub gather: Duration,
    /// The longest that a written message or a due timer waits without a hint.
    pub poll: Duration,
    /// Deliveries a worker handles at once, per queue.
    pub concurrency: u16,
    /// Transactions of batched commands that a worker runs at once, per queue. Fewer of them make larger batches.
    pub batches: u16,
    /// How often a message is tried in all before it is parked.
    pub attempts: u32,
    /// The wait before the second try; it doubles each time.
    pub retry_first: Duration,
    /// The longest wait between two tries.
    pub retry_max: Duration,
    /// Timers a sweep takes up at once.
    pub sweep_batch: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            in_flight: 128,
            lease: Duration::from_secs(30),
            gather: Duration::from_millis(10),
            poll: Duration::from_secs(1),
            concurrency: 16,
            batches: 2,
            attempts: 8,
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_secs(300),
            sweep_batch: 100,
        }
    }
}

impl Settings {
    /// The wait before the try that follows `failures` failures: doubled each time, capped, and
    /// lengthened by up to a fifth at random, so that what failed together does not come back together.
    pub(crate) fn backoff(&self, failures: u32) -> chrono::Duration {
        let doubled = self.retry_first.saturating_mul(1_u32 << failures.saturating_sub(1).min(20));
        let wait = doubled.min(self.retry_max).mul_f64(1.0 + rand::random::<f64>() / 5.0);
        chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::MAX)
    }

    pub(crate) fn lease(&self) -> chrono::Duration {
        chrono::Duration::from_std(self.lease).unwrap_or(chrono::Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let settings = Settings::default();
        for (failures, least) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (1_000, 300)] {
            let wait = settings.backoff(failures);
            let least = chrono::Duration::seconds(least);
            assert!(wait >= least && wait <= least + least / 5, "{failures}: {wait}");
        }
    }
}
