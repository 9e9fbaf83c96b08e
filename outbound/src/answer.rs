//! What came back.

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, header::RETRY_AFTER};

/// The most that is read of an answer's body, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, 100 to 999.
    pub status: u16,
    /// When the receiver wants to be asked again.
    pub retry_after: Option<RetryAfter>,
    /// The body's first [`MAX_BODY_BYTES`], or less when it broke off.
    pub body: Vec<u8>,
}

/// A `Retry-After`, in either of its forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So much later.
    Later(TimeDelta),
    /// Not before.
    At(DateTime<Utc>),
}

impl RetryAfter {
    /// The header of an answer; none when it is missing or makes no sense.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().and_then(TimeDelta::try_seconds).map(Self::Later);
        }
        httpdate::parse_http_date(text).ok().map(|time| Self::At(time.into()))
    }

    /// How long that is from `now`; nothing for a time that is over.
    pub fn from(self, now: DateTime<Utc>) -> TimeDelta {
        match self {
            Self::Later(wait) => wait,
            Self::At(time) => (time - now).max(TimeDelta::zero()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_nothing_else_is() {
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
        let seconds = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            RetryAfter::of(&headers).map(|after| after.from(now).num_seconds())
        };
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Mon, 02 Mar 2026 09:01:00 GMT"), Some(60));
        assert_eq!(seconds("Monday, 02-Mar-26 09:01:00 GMT"), Some(60), "the older forms too");
        assert_eq!(seconds("Mon, 02 Mar 2026 08:00:00 GMT"), Some(0), "over");
        for bad in ["", "-1", "1.5", "soon", "99999999999999999999", "2026-03-02T09:01:00Z"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        assert_eq!(RetryAfter::of(&HeaderMap::new()), None);
    }
}
