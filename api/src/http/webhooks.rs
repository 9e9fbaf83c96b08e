//! Webhooks in: an event that a source signed is kept, and only then answered with a 2xx.
//!
//! Whether it is a guess at a source, a signature that is no good or a source that is disabled, the answer is one
//! and the same. What an event asks for is not known here.

mod problem;
mod signature;

use std::{collections::BTreeMap, sync::Arc};

use app::{
    Actor, Error, Request,
    commands::{KeepWebhookEvent, KeptWebhookEvent},
    webhook_source::acting::{self, RECEIVER},
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    id::{Id, kind},
    refusal::Code,
    webhook_source::{Payload, Unreadable},
};
use serde_json::json;
use uuid::Uuid;

use super::{Gateway, REQUEST_ID, client::Client};
use crate::global_id::{Kind, encode};
use problem::Problem;
use signature::Signed;

/// How the headers begin that carry CloudEvents' attributes.
const ATTRIBUTE: &str = "ce-";

/// Takes an event.
pub(super) async fn receive(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match take(&gateway, client, (&key, &headers), body).await {
        Ok(kept) => {
            let status = if kept.duplicate { StatusCode::OK } else { StatusCode::ACCEPTED };
            let id = encode(Kind::WebhookEvent, kept.webhook_event_id.uuid());
            (status, Json(json!({ "id": *id, "duplicate": kept.duplicate }))).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn take(
    gateway: &Gateway,
    client: Client,
    (key, headers): (&str, &HeaderMap),
    body: Result<Bytes, BytesRejection>,
) -> Result<KeptWebhookEvent, Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        _ => Problem::Malformed("the body could not be read".to_owned()),
    })?;
    // What is no text is no JSON, whoever sends it; a signature is over text.
    let body =
        std::str::from_utf8(&body).map_err(|_| Problem::Malformed("the body is not UTF-8".to_owned()))?;
    let now = gateway.app.clock().now();
    // A good signature waits too, or one could go on guessing until an answer comes at once.
    gateway.throttle.may_sign_in(client.0, now).map_err(Problem::Throttled)?;
    let (source, signed) = match verified(gateway, (key, headers), body).await? {
        Ok(verified) => verified,
        Err(reason) => {
            tracing::info!(reason, "a webhook was not taken");
            gateway.throttle.bad_token(client.0, now);
            return Err(Problem::Unverified);
        }
    };
    let charged = gateway.throttle.take_event(source.uuid(), now);
    charged.map_err(|too_much| Problem::Throttled(too_much.retry_after))?;
    let command = event(source, &signed, headers, body)?;
    let mut request = Request::by(Actor::Agent(RECEIVER.to_owned()));
    request.request_id = text(headers, REQUEST_ID.as_str()).map(|id| id.chars().take(100).collect());
    let kept = gateway.app.execute(&request, &command).await;
    kept.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::WebhookIdReused => Problem::IdReused,
        // Disabled or removed since it was looked up.
        Error::Refused(_) | Error::NotFound => Problem::Unverified,
        error => Problem::failed(&error),
    })
}

/// The source that signed, with what it signed beside the body; else why it cannot be told from a guess.
async fn verified(
    gateway: &Gateway,
    (key, headers): (&str, &HeaderMap),
    body: &str,
) -> Result<Result<(Id<kind::WebhookSource>, Signed), &'static str>, Problem> {
    let Ok(key) = Uuid::try_parse(key) else { return Ok(Err("its path is no source's")) };
    let Some(signed) = Signed::of(headers) else { return Ok(Err("a header is missing, or no such")) };
    let source = Id::new(key);
    let secrets = acting::secrets(&gateway.app, source).await.map_err(|error| Problem::failed(&error))?;
    Ok(if secrets.is_empty() {
        Err("the source is unknown or disabled")
    } else if !signed.is_timely(gateway.app.clock().now()) {
        Err("it was signed too long ago, or ahead of time")
    } else if !secrets.iter().any(|secret| signed.is_by(secret.expose(), body)) {
        Err("no signature is by a secret of the source")
    } else {
        Ok((source, signed))
    })
}

/// The command that keeps an event, once it is found to be one.
fn event(
    source: Id<kind::WebhookSource>,
    signed: &Signed,
    headers: &HeaderMap,
    body: &str,
) -> Result<KeepWebhookEvent, Problem> {
    let content_type = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let mut kept = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| name.as_str().starts_with(ATTRIBUTE)) {
        let value = value.to_str().map_err(|_| Problem::Malformed(format!("{name} is not ASCII")))?;
        kept.insert(name.as_str().to_owned(), value.to_owned());
    }
    let payload = Payload::read(content_type, &kept, body).map_err(|unreadable| match unreadable {
        Unreadable::Unsupported(detail) => Problem::Unsupported(detail),
        Unreadable::Malformed(detail) => Problem::Malformed(detail),
    })?;
    kept.insert(signature::TIMESTAMP.to_owned(), signed.timestamp.to_string());
    Ok(KeepWebhookEvent {
        webhook_source_id: source,
        webhook_id: signed.id.clone(),
        event_type: payload.r#type,
        occurred_at: payload.time,
        content_type: content_type.to_owned(),
        headers: kept,
        body: body.to_owned(),
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
