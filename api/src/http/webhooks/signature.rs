//! Standard Webhooks: what a request says of its signature, and whether a secret made it.
//!
//! The library's own check reads the machine's clock, so only its signing is used here.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use domain::webhook_source::{TOLERANCE, is_event_id};
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq;

use super::text;

/// The header with the event's id.
const ID: &str = "webhook-id";
/// The header with the time of this attempt, in seconds since 1970.
pub(super) const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, spaces between.
const SIGNATURE: &str = "webhook-signature";
/// How the signatures begin that we can check.
const VERSION: &str = "v1,";

/// What a request says of its signature.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// The event's id.
    pub(super) id: String,
    /// When it was signed, in seconds since 1970.
    pub(super) timestamp: i64,
    signatures: Vec<String>,
}

impl Signed {
    /// Reads the three headers; none when one is missing or no such.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let id = text(headers, ID).filter(|id| is_event_id(id))?;
        let timestamp = text(headers, TIMESTAMP)?.parse().ok()?;
        let signatures = text(headers, SIGNATURE)?.split(' ').filter(|part| part.starts_with(VERSION));
        Some(Self { id: id.to_owned(), timestamp, signatures: signatures.map(str::to_owned).collect() })
    }

    /// Whether it was signed within the tolerance of now, either way.
    pub(super) fn is_timely(&self, now: DateTime<Utc>) -> bool {
        now.timestamp().abs_diff(self.timestamp) <= TOLERANCE.num_seconds().unsigned_abs()
    }

    /// Whether one of the signatures is by this secret. The time it takes does not tell where two differ.
    pub(super) fn is_by(&self, secret: &str, body: &str) -> bool {
        let signed = Webhook::new(secret).and_then(|key| key.sign(&self.id, self.timestamp, body.as_bytes()));
        signed.is_ok_and(|wanted| {
            let same = |given: &String| bool::from(given.as_bytes().ct_eq(wanted.as_bytes()));
            self.signatures.iter().any(same)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = "{\"test\": 2432232314}";
    const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signed(signature: &str) -> Option<Signed> {
        let mut headers = HeaderMap::new();
        headers.insert(ID, "msg_p5jXN8AQM9LWM0D4loKWxJek".parse().unwrap());
        headers.insert(TIMESTAMP, "1614265330".parse().unwrap());
        headers.insert(SIGNATURE, signature.parse().unwrap());
        Signed::of(&headers)
    }

    #[test]
    fn one_good_signature_of_version_one_suffices() {
        let cases = [
            (GOOD.to_owned(), true),
            (format!("v1a,xxxx v1,AAAA {GOOD}"), true),
            (format!("{GOOD} v2,whatever"), true),
            (GOOD.replace("v1,", "v2,"), false),
            (GOOD.replace("v1,", ""), false),
            (format!("{GOOD}="), false),
            ("v1,".to_owned(), false),
            (String::new(), false),
        ];
        for (signature, good) in cases {
            assert_eq!(signed(&signature).unwrap().is_by(SECRET, BODY), good, "{signature}");
        }
        assert!(!signed(GOOD).unwrap().is_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSv", BODY));
        assert!(!signed(GOOD).unwrap().is_by(SECRET, &format!("{BODY} ")));
    }

    #[test]
    fn five_minutes_either_way() {
        let signed = signed(GOOD).unwrap();
        for (offset, timely) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
            let now = DateTime::from_timestamp(1_614_265_330 + offset, 0).unwrap();
            assert_eq!(signed.is_timely(now), timely, "{offset}");
        }
        let ever = Signed { timestamp: i64::MIN, ..signed };
        assert!(!ever.is_timely(DateTime::UNIX_EPOCH));
    }
}
