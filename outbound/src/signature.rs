//! Standard Webhooks: the secret, and the headers that prove that a message is ours.
//!
//! `webhook-signature` has one `v1` for each secret, so that a receiver with either of two that overlap
//! can verify it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError,
};

/// How long a secret may be, in bytes, before it is encoded.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// A secret: `whsec_` and the base64 of 24 to 64 bytes. It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The text is no secret. The text itself is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret is whsec_ and the base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

impl Secret {
    /// Reads a secret.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = text.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        match bytes {
            Some(bytes) if SECRET_BYTES.contains(&bytes.len()) => Ok(Self(text.to_owned())),
            _ => Err(InvalidSecret),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The headers of a message of JSON: its id, the time of this attempt, and a signature by each secret.
pub fn sign(secrets: &[Secret], id: &str, at: DateTime<Utc>, body: &str) -> Result<HeaderMap, WebhookError> {
    let seconds = at.timestamp();
    let signatures = secrets
        .iter()
        .map(|secret| Webhook::new(&secret.0)?.sign(id, seconds, body.as_bytes()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut put = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value).map_err(|_| WebhookError::InvalidHeader(name))?;
        headers.insert(HeaderName::from_static(name), value);
        Ok::<_, WebhookError>(())
    };
    put(HEADER_WEBHOOK_ID, id)?;
    put(HEADER_WEBHOOK_TIMESTAMP, &seconds.to_string())?;
    put(HEADER_WEBHOOK_SIGNATURE, &signatures.join(" "))?;
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn secret(bytes: usize) -> String {
        format!("{PREFIX}{}", STANDARD.encode(vec![7; bytes]))
    }

    #[test]
    fn a_secret_has_its_prefix_and_its_length() {
        for (bytes, good) in [(23, false), (24, true), (32, true), (64, true), (65, false), (0, false)] {
            assert_eq!(Secret::parse(&secret(bytes)).is_ok(), good, "{bytes} bytes");
        }
        let bare = secret(32);
        assert!(Secret::parse(bare.strip_prefix(PREFIX).unwrap()).is_err());
        assert!(Secret::parse("whsec_not base64").is_err());
        assert_eq!(format!("{:?}", Secret::parse(&bare).unwrap()), "Secret(***)");
    }

    /// The example of the specification's own libraries.
    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        let secrets = [Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()];
        let at = Utc.timestamp_opt(1_614_265_330, 0).unwrap();
        let headers = sign(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, "{\"test\": 2432232314}").unwrap();
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["content-type"], "application/json");
    }

    #[test]
    fn each_secret_signs() {
        let secrets = [secret(24), secret(32)].map(|text| Secret::parse(&text).unwrap());
        let at = Utc.timestamp_opt(1_614_265_330, 0).unwrap();
        let of = |secrets: &[Secret]| {
            sign(secrets, "msg_1", at, "{}").unwrap()["webhook-signature"].to_str().unwrap().to_owned()
        };
        let [first, second] = &secrets;
        let both = format!("{} {}", of(std::slice::from_ref(first)), of(std::slice::from_ref(second)));
        assert_eq!(of(&secrets), both);
    }
}
