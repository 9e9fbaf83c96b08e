//! Why an event was not taken: an answer of RFC 9457 with a code that stays.

use app::Error;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Duration;
use serde_json::json;

use crate::{error, meter::seconds};

/// When to come again after the database was away.
const AWAY: Duration = Duration::seconds(5);

/// Why an event was not taken.
#[derive(Debug)]
pub(super) enum Problem {
    /// Nobody that we know signed it, or nobody that may: which of it, only the log says.
    Unverified,
    /// It is not what it says it is.
    Malformed(String),
    /// It is of a form that is not taken.
    Unsupported(String),
    /// It is too large.
    TooLarge,
    /// Its id came before with another body.
    IdReused,
    /// Too much came, or too much that was no good.
    Throttled(Duration),
    /// The database is away, or something else was in the way: nothing is known to be kept.
    Away,
    /// A fault of ours, under an id that is in the log.
    Internal(String),
}

impl Problem {
    /// What went wrong with a command or a query that is no refusal.
    pub(super) fn failed(error: &Error) -> Self {
        // It goes to the log like any other.
        let told = error::problem(error);
        match error {
            Error::Unavailable(_) | Error::Conflict(_) => Self::Away,
            _ => Self::Internal(told.message),
        }
    }

    fn parts(&self) -> (StatusCode, &'static str, &str) {
        match self {
            Self::Unverified => {
                let detail =
                    "the source is unknown or disabled, or the signature is missing, wrong or too old";
                (StatusCode::UNAUTHORIZED, "WEBHOOK_NOT_VERIFIED", detail)
            }
            Self::Malformed(detail) => (StatusCode::BAD_REQUEST, "WEBHOOK_MALFORMED", detail),
            Self::Unsupported(detail) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "WEBHOOK_FORMAT_NOT_SUPPORTED", detail)
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "WEBHOOK_TOO_LARGE", "the body is too large"),
            Self::IdReused => {
                (StatusCode::CONFLICT, "WEBHOOK_ID_REUSED", "this webhook-id came before with another body")
            }
            Self::Throttled(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "THROTTLED", "too many events; come again later")
            }
            Self::Away => {
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "the event could not be kept; send it again")
            }
            Self::Internal(detail) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, detail) = self.parts();
        let title = status.canonical_reason().unwrap_or_default();
        let body = json!({ "title": title, "status": status.as_u16(), "detail": detail, "code": code });
        let headers =
            [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body.to_string()).into_response();
        let retry_after = match self {
            Self::Throttled(time) => Some(time),
            Self::Away => Some(AWAY),
            _ => None,
        };
        if let Some(time) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(time)));
        }
        response
    }
}
