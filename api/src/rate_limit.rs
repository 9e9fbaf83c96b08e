//! The caller's rate limit.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    error::coded,
    meter::{Charge, Receipt},
    session::session,
};

/// Rate limit of the caller, after the cost of this request. The same numbers are in the answer's `extensions.cost` and
/// in its headers `RateLimit` and `RateLimit-Policy`.
///
/// Cost of a request: a field that returns an object costs 1, a field that returns a scalar 0. The cost of a list is the
/// cost of one item times the page size (`first` or `last`, default 20), times the number of `ids`, or times its
/// `@listSize` (default 10). Each mutation costs 10 more. A subscription costs 10 to start, and each event costs what it
/// selects. Introspection costs 10. The least cost is 1.
#[derive(SimpleObject)]
pub(crate) struct RateLimit {
    /// Largest cost that can be spent at once, after a pause.
    limit: i64,
    /// Cost that can be spent now.
    remaining: i64,
    /// Cost that is restored each second.
    restore_per_second: i64,
    /// Cost of this request.
    cost: i64,
    /// Time at which `remaining` is back at `limit`, if the caller sends no further request.
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

/// Queries of the rate limit.
#[derive(Default)]
pub(crate) struct RateLimitQuery;

/// Queries of the rate limit.
#[Object]
impl RateLimitQuery {
    /// Rate limit of the caller, after this request.
    async fn rate_limit(&self, ctx: &Context<'_>) -> async_graphql::Result<RateLimit> {
        session(ctx)?;
        let charge = ctx.data::<Receipt>()?.charge();
        charge.map(RateLimit::from).ok_or_else(|| coded("the request was not charged", "INTERNAL"))
    }
}
