//! Deliveries: one message on its way to one endpoint, and what each answer means.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::schedule::{MAX_RETRY_AFTER, wait};
use crate::{
    id::{Id, kind},
    named::{Named, named},
};

/// One message on its way to one endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: Id<kind::WebhookDelivery>,
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// Where it goes.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// How far it is.
    pub status: Status,
    /// How often it was tried in all.
    pub attempts: u32,
    /// How often since it was sent, or sent again on request: its place in the schedule.
    pub tried: u32,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is to be tried.
    Pending {
        /// When; none: at once.
        next_attempt_at: Option<DateTime<Utc>>,
    },
    /// The receiver has it.
    Delivered {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The last attempt of the schedule failed.
    Failed {
        /// When.
        at: DateTime<Utc>,
    },
    /// The endpoint was disabled or deleted before it arrived.
    Cancelled {
        /// When.
        at: DateTime<Utc>,
    },
}

/// The kinds of [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKind {
    /// An attempt is due or under way.
    Pending,
    /// The receiver has the message.
    Delivered,
    /// The last attempt of the schedule failed.
    Failed,
    /// The endpoint was disabled or deleted before the message arrived.
    Cancelled,
}

named! {
    StatusKind { Pending = "PENDING", Delivered = "DELIVERED", Failed = "FAILED", Cancelled = "CANCELLED" }
}

impl Status {
    /// The kind of status, without its times.
    pub fn kind(&self) -> StatusKind {
        match self {
            Self::Pending { .. } => StatusKind::Pending,
            Self::Delivered { .. } => StatusKind::Delivered,
            Self::Failed { .. } => StatusKind::Failed,
            Self::Cancelled { .. } => StatusKind::Cancelled,
        }
    }

    /// The name of the kind, as columns and the API spell it.
    pub fn name(&self) -> &'static str {
        self.kind().as_str()
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempted {
    /// What the receiver answered, if it did.
    pub answer: Answer,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

/// A receiver's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It answered.
    Status {
        /// The HTTP status.
        code: u16,
        /// The beginning of the body.
        body: String,
        /// How long it wants to be left alone, in seconds.
        retry_after_s: Option<i64>,
    },
    /// It did not, and why.
    None(String),
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it arrived.
    Delivered,
    /// Another attempt, then.
    Retry(DateTime<Utc>),
    /// Nothing: it was the last one.
    GiveUp,
    /// Nothing, now or later: the receiver is not there any more.
    Gone,
}

/// 410: the receiver is not there any more, and wants to hear of nothing.
const GONE: u16 = 410;

impl Answer {
    /// Whether it means that the message arrived. A redirect does not: it is not followed.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Status { code: 200..=299, .. })
    }

    fn retry_after(&self) -> TimeDelta {
        let asked = match self {
            Self::Status { retry_after_s: Some(seconds), .. } => TimeDelta::try_seconds(*seconds),
            Self::Status { .. } | Self::None(_) => None,
        };
        asked.unwrap_or_default().clamp(TimeDelta::zero(), MAX_RETRY_AFTER)
    }
}

impl Delivery {
    /// Whether attempt `number` is the one to be made.
    pub fn awaits(&self, number: u32) -> bool {
        matches!(self.status, Status::Pending { .. }) && self.attempts + 1 == number
    }

    /// The number of its next attempt.
    pub fn next_attempt(&self) -> u32 {
        self.attempts + 1
    }

    /// Takes up what came of an attempt.
    pub fn attempted(&mut self, answer: &Answer, now: DateTime<Utc>) -> Next {
        self.attempts += 1;
        self.tried += 1;
        let next = self.next(answer, now);
        self.status = match next {
            Next::Delivered => Status::Delivered { at: now },
            Next::Retry(at) => Status::Pending { next_attempt_at: Some(at) },
            Next::GiveUp | Next::Gone => Status::Failed { at: now },
        };
        next
    }

    fn next(&self, answer: &Answer, now: DateTime<Utc>) -> Next {
        match answer {
            Answer::Status { code: GONE, .. } => Next::Gone,
            answer if answer.is_success() => Next::Delivered,
            answer => match wait(self.id.uuid(), self.tried) {
                Some(wait) => Next::Retry(now + wait.max(answer.retry_after())),
                None => Next::GiveUp,
            },
        }
    }

    /// Is to be tried at once, with the whole schedule before it.
    pub fn again(&mut self) {
        self.tried = 0;
        self.status = Status::Pending { next_attempt_at: None };
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use uuid::Uuid;

    use super::*;
    use crate::webhook::SCHEDULE;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap()
    }

    fn delivery(tried: u32) -> Delivery {
        Delivery {
            id: Id::new(Uuid::from_u128(1)),
            portfolio_id: Id::new(Uuid::from_u128(2)),
            endpoint_id: Id::new(Uuid::from_u128(3)),
            status: Status::Pending { next_attempt_at: None },
            attempts: tried,
            tried,
        }
    }

    fn status(code: u16, retry_after_s: Option<i64>) -> Answer {
        Answer::Status { code, body: String::new(), retry_after_s }
    }

    #[test]
    fn what_each_answer_leads_to() {
        for code in [200, 201, 202, 204, 299] {
            assert_eq!(delivery(0).attempted(&status(code, None), now()), Next::Delivered, "{code}");
        }
        for code in [100, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503, 504, 600] {
            let next = delivery(0).attempted(&status(code, None), now());
            assert!(matches!(next, Next::Retry(_)), "{code}: {next:?}");
            assert_eq!(delivery(9).attempted(&status(code, None), now()), Next::GiveUp, "{code}");
        }
        assert_eq!(delivery(0).attempted(&status(410, Some(5)), now()), Next::Gone);
        assert!(matches!(delivery(0).attempted(&Answer::None("away".to_owned()), now()), Next::Retry(_)));
    }

    #[test]
    fn a_delivery_goes_through_the_schedule_and_fails() {
        let mut delivery = delivery(0);
        for number in 1..=10_u32 {
            assert!(delivery.awaits(number) && !delivery.awaits(number + 1));
            let next = delivery.attempted(&status(500, None), now());
            match SCHEDULE.get(number as usize) {
                Some(wait) => {
                    let Next::Retry(at) = next else { panic!("{number}: {next:?}") };
                    assert!(at >= now() + *wait && at <= now() + *wait + *wait / 5, "{number}: {at}");
                    assert_eq!(delivery.status, Status::Pending { next_attempt_at: Some(at) });
                }
                None => assert_eq!(next, Next::GiveUp),
            }
        }
        assert_eq!(delivery.status, Status::Failed { at: now() });
        assert!(!delivery.awaits(11));
        delivery.again();
        assert!(delivery.awaits(11), "numbers go on");
        assert!(
            matches!(delivery.attempted(&status(500, None), now()), Next::Retry(at) if at <= now() + TimeDelta::seconds(6))
        );
    }

    #[test]
    fn retry_after_is_honoured_within_a_day_and_never_shortens_the_wait() {
        let at =
            |tried: u32, seconds: i64| match delivery(tried).attempted(&status(429, Some(seconds)), now()) {
                Next::Retry(at) => at - now(),
                other => panic!("{other:?}"),
            };
        assert_eq!(at(0, 120), TimeDelta::seconds(120));
        assert_eq!(at(0, 86_400), TimeDelta::hours(24));
        assert_eq!(at(0, 10_000_000), TimeDelta::hours(24));
        assert!(at(0, 0) >= TimeDelta::seconds(5));
        assert!(at(0, -7) >= TimeDelta::seconds(5));
        assert!(at(3, 60) >= TimeDelta::hours(2));
    }
}
