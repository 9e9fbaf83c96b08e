//! What a request was charged, and the one place that tells it: in `extensions.cost` and in headers.

use std::sync::{Arc, OnceLock};

use async_graphql::{Response, Value};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::throttle::Standing;

/// What is left, as the IETF draft of rate limit headers writes it.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The quota, likewise.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What a request was charged, and how its caller stood then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    /// What it costs to run; none when that could not be told.
    pub(crate) requested: Option<u64>,
    /// What was taken for it.
    pub(crate) charged: u64,
    /// The most one request may cost.
    pub(crate) limit: u32,
    /// What the caller has left.
    pub(crate) standing: Standing,
    /// What is restored of that each second.
    pub(crate) restore_per_s: u32,
    /// When it was charged.
    pub(super) at: DateTime<Utc>,
    /// In what time there is enough left, for what was refused.
    pub(super) retry_after: Option<Duration>,
}

/// A request's charge, once it is settled. Whoever puts one among a request's data can tell the cost
/// themselves when no answer comes.
#[derive(Clone, Default)]
pub(crate) struct Receipt(Arc<OnceLock<Charge>>);

impl Receipt {
    /// Settles the charge, once: a later one changes nothing.
    pub(super) fn settle(&self, charge: Charge) {
        self.0.get_or_init(|| charge);
    }

    pub(crate) fn charge(&self) -> Option<&Charge> {
        self.0.get()
    }

    /// Writes the charge, if there is one, into an answer.
    pub(crate) fn attach(&self, answer: &mut Response) {
        if let Some(charge) = self.charge() {
            charge.attach(answer);
        }
    }
}

impl Charge {
    pub(super) fn attach(&self, answer: &mut Response) {
        let cost = json!({
            "requested": self.requested,
            "charged": self.charged,
            "limit": self.limit,
            "bucket": {
                "maximum": self.standing.maximum,
                "available": self.standing.available,
                "restoreRate": self.restore_per_s,
            },
        });
        if let Ok(cost) = Value::from_json(cost) {
            answer.extensions.insert("cost".to_owned(), cost);
        }
        self.write_headers(&mut answer.http_headers);
    }

    fn write_headers(&self, headers: &mut HeaderMap) {
        let Standing { maximum, available, reset_at } = self.standing;
        let window = maximum.div_ceil(self.restore_per_s.max(1).into());
        let reset = seconds(reset_at - self.at);
        let mut write = |name, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        write(RATE_LIMIT_POLICY, format!("\"cost\";q={maximum};w={window}"));
        write(RATE_LIMIT, format!("\"cost\";r={available};t={reset}"));
        if let Some(time) = self.retry_after {
            write(header::RETRY_AFTER, seconds(time).to_string());
        }
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds(time: Duration) -> u64 {
    milliseconds(time).div_ceil(1_000)
}

/// Whole milliseconds, rounded up.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.num_microseconds().unwrap_or(i64::MAX)).unwrap_or_default().div_ceil(1_000)
}
