//! When a delivery that failed is tried again.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The wait before each attempt: the schedule that the Standard Webhooks specification recommends. After
/// the last one the delivery has failed.
pub const SCHEDULE: [TimeDelta; 10] = [
    TimeDelta::zero(),
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// The longest that a receiver can put us off by `Retry-After`.
pub const MAX_RETRY_AFTER: TimeDelta = TimeDelta::hours(24);

/// A wait is lengthened by at most one part in so many, so that what failed together does not come back
/// together.
const JITTER: i64 = 5;

/// The wait after `tried` attempts of a delivery; none after the last. The same delivery waits the same.
pub(super) fn wait(delivery: Uuid, tried: u32) -> Option<TimeDelta> {
    let wait = *SCHEDULE.get(usize::try_from(tried).ok()?)?;
    let digest = Sha256::new().chain_update(delivery.as_bytes()).chain_update(tried.to_be_bytes()).finalize();
    let drawn = digest.iter().take(2).fold(0, |drawn, byte| drawn << 8 | i64::from(*byte));
    Some(wait + TimeDelta::milliseconds(wait.num_milliseconds() * drawn / (JITTER << 16)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn waits_are_the_schedules_and_up_to_a_fifth_longer() {
        for (tried, wanted) in SCHEDULE.iter().enumerate() {
            let tried = u32::try_from(tried).unwrap();
            let waits: BTreeSet<_> = (0..200).map(|n| wait(Uuid::from_u128(n), tried).unwrap()).collect();
            let (first, last) = (waits.first().unwrap(), waits.last().unwrap());
            assert!(first >= wanted && *last <= *wanted + *wanted / 5, "{tried}: {first} to {last}");
            // Spread over the whole of it.
            assert!(tried == 0 || *last - *first > *wanted / 6, "{tried}: {first} to {last}");
        }
        assert_eq!(wait(Uuid::from_u128(7), 10), None);
        assert_eq!(wait(Uuid::from_u128(7), 3), wait(Uuid::from_u128(7), 3));
    }
}
