//! From answers to HTTP: status, media type, and which keys an answer has.

use std::collections::BTreeMap;

use async_graphql::{Response as Answer, ServerError, Value};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Duration;
use serde::Serialize;

use super::{auth, media::Media, request::Refused};
use crate::{
    error::{coded, problem, request_error},
    meter::{seconds, throttled, too_much},
    operation::METHOD_NOT_ALLOWED,
};

/// The code of what was cut short. It was executed, at least in part.
const TIMEOUT: &str = "TIMEOUT";

/// An answer as it is written: data in the order asked for, and none for what was not executed.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

impl<'a> Written<'a> {
    fn of(answer: &'a Answer) -> Self {
        let data = if executed(answer) { Some(&answer.data) } else { None };
        Self { errors: &answer.errors, data, extensions: &answer.extensions }
    }
}

/// Whether anything was executed; if not, the errors are the request's own.
pub(super) fn executed(answer: &Answer) -> bool {
    let of_request = |error: &ServerError| error.path.is_empty() && code(error) != Some(TIMEOUT);
    answer.data != Value::Null || answer.errors.is_empty() || !answer.errors.iter().all(of_request)
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// What a request that was cut short is told; it may have changed something.
pub(super) fn cut_short() -> Answer {
    Answer::from_errors(vec![request_error("the request took too long", TIMEOUT, None)])
}

/// An answer as text, for what has no status of its own.
pub(super) fn text(answer: &Answer) -> String {
    serde_json::to_string(&Written::of(answer)).unwrap_or_default()
}

/// Whether a request is refused for the way it came.
pub(super) fn not_allowed(answer: &Answer) -> bool {
    answer.errors.first().and_then(code) == Some(METHOD_NOT_ALLOWED)
}

/// One answer.
pub(super) fn one(answer: &Answer, media: Media) -> Response {
    let not_allowed = not_allowed(answer);
    let status = match media {
        _ if not_allowed => StatusCode::METHOD_NOT_ALLOWED,
        // Of the request, not of its GraphQL: whatever the media type, clients know when to come again.
        _ if throttled(answer) => StatusCode::TOO_MANY_REQUESTS,
        Media::Graphql if !executed(answer) => StatusCode::BAD_REQUEST,
        Media::Graphql | Media::Json => StatusCode::OK,
    };
    let mut response = written(status, media, &Written::of(answer));
    if not_allowed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response.headers_mut().extend(answer.http_headers.clone());
    response
}

/// The answers of a batch, in its order. What each would have been told by its status is discarded.
pub(super) fn several(answers: &[Answer], media: Media) -> Response {
    let bodies: Vec<_> = answers.iter().map(Written::of).collect();
    let mut response = written(StatusCode::OK, media, &bodies);
    for answer in answers {
        response.headers_mut().extend(answer.http_headers.clone());
    }
    response
}

fn written(status: StatusCode, media: Media, body: &impl Serialize) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.content_type()),
        // What one caller may see is no other's, and changes.
        (header::CACHE_CONTROL, "no-store"),
    ];
    match serde_json::to_string(body) {
        Ok(text) => (status, headers, text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer that is not JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Refused {
    /// As an answer within a batch.
    pub(super) fn into_answer(self) -> Answer {
        Answer::from_errors(vec![request_error(self.message, self.code, None)])
    }

    pub(super) fn into_response(self, media: Media) -> Response {
        let status = self.status;
        written(status, media, &Written::of(&self.into_answer()))
    }
}

/// A caller who takes nothing that could be answered.
pub(super) fn not_acceptable() -> Response {
    let refused = Refused {
        status: StatusCode::NOT_ACCEPTABLE,
        code: "NOT_ACCEPTABLE",
        message: "accept application/graphql-response+json or application/json, in UTF-8",
    };
    refused.into_response(Media::Json)
}

/// Refuses who asked too much, before anything is run.
pub(super) fn held_off(retry_after: Duration, media: Media) -> Response {
    let mut answer = Answer::from_errors(vec![too_much(retry_after)]);
    answer.http_headers.insert(header::RETRY_AFTER, seconds(retry_after).into());
    one(&answer, media)
}

/// A token that is no good, one that is not looked at, or a database that could not tell.
pub(super) fn deny(denied: &auth::Denied, media: Media) -> Response {
    let (status, error) = match denied {
        auth::Denied::HeldOff(retry_after) => return held_off(*retry_after, media),
        auth::Denied::BadToken => {
            (StatusCode::UNAUTHORIZED, coded("the token is unknown, expired or revoked", "UNAUTHENTICATED"))
        }
        auth::Denied::Failed(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, coded(problem(error).message, "UNAVAILABLE"))
        }
    };
    let mut error = error.into_server_error(async_graphql::Pos::default());
    error.locations.clear();
    let mut response = written(status, media, &Written::of(&Answer::from_errors(vec![error])));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
