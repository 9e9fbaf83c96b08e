//! One kind of bucket, and the table of those who have one.
//!
//! A bucket is one number and the time it was true at: nothing ticks. An empty one is forgotten, and there are
//! never more than a table holds.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};

/// How a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What it takes when it is empty.
    pub(crate) maximum: u64,
    /// What it takes now.
    pub(crate) available: u64,
    /// When it will be empty, if nothing is poured in.
    pub(crate) reset_at: DateTime<Utc>,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch {
    /// How the bucket stands; nothing was poured in.
    pub(crate) standing: Standing,
    /// In what time it fits, if nothing else is poured in.
    pub(crate) retry_after: Duration,
}

/// What a bucket takes, and how fast it leaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    pub(super) capacity: u64,
    pub(super) restored: u64,
    pub(super) every: Duration,
}

/// What was poured in and has not leaked at a time, in points times the microseconds of the quota's period:
/// exact, whatever the rate.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    filled: u128,
    at: DateTime<Utc>,
}

impl Quota {
    /// One point, in a bucket's unit.
    fn point(&self) -> u128 {
        microseconds(self.every).max(1)
    }

    fn full(&self) -> u128 {
        self.point() * u128::from(self.capacity)
    }

    /// A bucket as it stands now. A clock that was set back leaks nothing.
    fn leaked(&self, bucket: Bucket, now: DateTime<Utc>) -> Bucket {
        let leaked = microseconds(now - bucket.at) * u128::from(self.restored);
        Bucket { filled: bucket.filled.saturating_sub(leaked), at: now }
    }

    fn time_to_leak(&self, filled: u128) -> Duration {
        let time = filled.div_ceil(u128::from(self.restored.max(1)));
        Duration::microseconds(i64::try_from(time).unwrap_or(i64::MAX))
    }

    fn standing(&self, bucket: Bucket) -> Standing {
        let filled = u64::try_from(bucket.filled.div_ceil(self.point())).unwrap_or(u64::MAX);
        let empty = bucket.at.checked_add_signed(self.time_to_leak(bucket.filled));
        Standing {
            maximum: self.capacity,
            available: self.capacity.saturating_sub(filled),
            reset_at: empty.unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }

    /// The bucket with so many points more; what is too much when they do not fit.
    fn poured(&self, bucket: Bucket, points: u64) -> Result<Bucket, TooMuch> {
        let filled = bucket.filled + self.point() * u128::from(points);
        match filled.checked_sub(self.full()) {
            None | Some(0) => Ok(Bucket { filled, ..bucket }),
            Some(excess) => {
                Err(TooMuch { standing: self.standing(bucket), retry_after: self.time_to_leak(excess) })
            }
        }
    }
}

/// A time's microseconds; none of it when it is negative.
fn microseconds(time: Duration) -> u128 {
    time.num_microseconds().and_then(|time| u128::try_from(time).ok()).unwrap_or_default()
}

/// The most buckets a table keeps.
const MAX_BUCKETS: usize = 50_000;
/// How many buckets there are before empty ones are looked for.
const FEW_BUCKETS: usize = 1_000;

/// One quota's buckets, by key. A key without a bucket has an empty one.
pub(super) struct Table<K> {
    quota: Quota,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    buckets: HashMap<K, Bucket>,
    /// Shared by all who come when the table is full.
    crowd: Option<Bucket>,
    /// How many buckets there may be before empty ones are looked for.
    sweep_at: usize,
    swept: DateTime<Utc>,
}

impl<K: Clone + Eq + Hash> Table<K> {
    pub(super) fn new(quota: Quota) -> Self {
        let kept = Kept {
            buckets: HashMap::new(),
            crowd: None,
            sweep_at: FEW_BUCKETS,
            swept: DateTime::<Utc>::MIN_UTC,
        };
        Self { quota, kept: Mutex::new(kept) }
    }

    pub(super) fn take(&self, key: &K, points: u64, now: DateTime<Utc>) -> Result<Standing, TooMuch> {
        self.update(key, now, |bucket| {
            let poured = self.quota.poured(bucket, points);
            (*poured.as_ref().unwrap_or(&bucket), poured.map(|bucket| self.quota.standing(bucket)))
        })
    }

    pub(super) fn charge(&self, key: &K, points: u64, now: DateTime<Utc>) -> Standing {
        self.update(key, now, |bucket| {
            let filled = bucket.filled + self.quota.point() * u128::from(points);
            let bucket = Bucket { filled: filled.min(self.quota.full()), ..bucket };
            (bucket, self.quota.standing(bucket))
        })
    }

    pub(super) fn fits(&self, key: &K, points: u64, now: DateTime<Utc>) -> Result<(), TooMuch> {
        self.update(key, now, |bucket| (bucket, self.quota.poured(bucket, points).map(drop)))
    }

    /// Puts a bucket, as it stands now, in the place of a key's.
    fn update<T>(&self, key: &K, now: DateTime<Utc>, change: impl FnOnce(Bucket) -> (Bucket, T)) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.buckets.get(key).copied();
        let crowded = known.is_none() && !kept.make_room(&self.quota, now);
        let found = if crowded { kept.crowd } else { known };
        let bucket = found.unwrap_or(Bucket { filled: 0, at: now });
        let (bucket, result) = change(self.quota.leaked(bucket, now));
        if crowded {
            kept.crowd = Some(bucket);
        } else if bucket.filled > 0 {
            kept.buckets.insert(key.clone(), bucket);
        } else {
            kept.buckets.remove(key);
        }
        result
    }
}

impl<K: Eq + Hash> Kept<K> {
    /// Whether there is room for one bucket more, once the empty ones are forgotten.
    fn make_room(&mut self, quota: &Quota, now: DateTime<Utc>) -> bool {
        let full = self.buckets.len() >= MAX_BUCKETS;
        // Looking through all of them for each who comes would be the greater harm.
        let lately = full && now - self.swept < Duration::seconds(1);
        if self.buckets.len() >= self.sweep_at && !lately {
            self.buckets.retain(|_, bucket| quota.leaked(*bucket, now).filled > 0);
            self.sweep_at = (self.buckets.len() * 2).clamp(FEW_BUCKETS, MAX_BUCKETS);
            self.swept = now;
        }
        self.buckets.len() < MAX_BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten points, two restored each second.
    fn table() -> Table<u32> {
        Table::new(Quota { capacity: 10, restored: 2, every: Duration::seconds(1) })
    }

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + Duration::milliseconds(milliseconds)
    }

    fn available(table: &Table<u32>, now: DateTime<Utc>) -> u64 {
        table.charge(&1, 0, now).available
    }

    #[test]
    fn what_was_taken_is_restored_in_time() {
        let table = table();
        let standing = table.take(&1, 7, at(0)).unwrap();
        assert_eq!(standing, Standing { maximum: 10, available: 3, reset_at: at(3_500) });
        let refused = table.take(&1, 4, at(0)).unwrap_err();
        assert_eq!((refused.standing, refused.retry_after), (standing, Duration::milliseconds(500)));
        assert!(table.take(&1, 4, at(499)).is_err());
        assert_eq!(table.take(&1, 4, at(500)).unwrap().available, 0);
        // Half a point is none.
        assert_eq!(available(&table, at(749)), 0);
        assert_eq!(available(&table, at(1_000)), 1);
        assert_eq!(available(&table, at(100_000)), 10);
        assert!(table.take(&1, 11, at(100_000)).is_err(), "more than there ever is");
        assert_eq!(table.take(&2, 10, at(0)).unwrap().available, 0, "another's is another's");
    }

    #[test]
    fn what_is_charged_is_never_refused_and_leaves_no_debt() {
        let table = table();
        assert_eq!(table.charge(&1, 1_000, at(0)).available, 0);
        assert_eq!(available(&table, at(500)), 1);
        assert!(table.fits(&1, 1, at(500)).is_ok() && table.fits(&1, 2, at(500)).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_restores_nothing_twice() {
        let table = table();
        table.charge(&1, 10, at(10_000));
        assert_eq!(available(&table, at(0)), 0);
        assert_eq!(available(&table, at(1_000)), 2);
    }

    #[test]
    fn empty_buckets_are_forgotten_and_there_is_a_most_of_the_others() {
        let table = table();
        let kept = || table.kept.lock().unwrap().buckets.len();
        for key in 0..1_000 {
            table.charge(&key, 1, at(0));
        }
        assert_eq!(kept(), 1_000);
        // By then the thousand are empty.
        table.charge(&1_000, 1, at(1_000));
        assert_eq!(kept(), 1);
        table.charge(&1_000, 0, at(2_000));
        assert_eq!(kept(), 0, "looked at when it is empty, it goes");
        let most = u32::try_from(MAX_BUCKETS).unwrap();
        for key in 0..most {
            table.charge(&key, 10, at(10_000));
        }
        assert_eq!(kept(), MAX_BUCKETS);
        assert_eq!(table.take(&most, 6, at(10_000)).unwrap().available, 4);
        assert_eq!(table.take(&(most + 1), 3, at(10_000)).unwrap().available, 1, "strangers share a bucket");
        assert_eq!(kept(), MAX_BUCKETS);
        assert!(table.take(&1, 1, at(10_000)).is_err(), "who was known has the bucket they had");
        assert_eq!(table.take(&most, 1, at(20_000)).unwrap().available, 9, "once there is room, their own");
        assert_eq!(kept(), 1);
    }
}
