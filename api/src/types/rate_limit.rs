//! What the caller may still ask for.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

use crate::meter::Charge;

/// What the caller may ask for, after what this request was charged. The same numbers are in the answer's
/// `extensions.cost` and in its headers `RateLimit` and `RateLimit-Policy`.
///
/// A field that gives an object costs 1, one that gives a scalar nothing. A list costs what each of its items
/// does, times its page size (`first` or `last`, 20 when neither is given), times the number of `ids`, or else
/// times its `@listSize`, 10 without one. A field of a mutation costs 10 more, a subscription 10 to start and
/// then for each event what it selects, introspection 10. Nothing costs less than 1.
#[derive(SimpleObject)]
pub(crate) struct RateLimit {
    /// What can be asked for at once when nothing was asked for lately, in cost.
    limit: i64,
    /// What is left of it, in cost.
    remaining: i64,
    /// What is restored each second, in cost.
    restore_per_second: i64,
    /// What this request costs.
    cost: i64,
    /// When all of it is restored, if nothing more is asked for.
    reset_at: DateTime<Utc>,
}

impl From<&Charge> for RateLimit {
    fn from(charge: &Charge) -> Self {
        let whole = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
        Self {
            limit: whole(charge.standing.maximum),
            remaining: whole(charge.standing.available),
            restore_per_second: charge.restore_per_s.into(),
            cost: whole(charge.charged),
            reset_at: charge.standing.reset_at,
        }
    }
}
