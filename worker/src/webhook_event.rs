//! The effect that does what a webhook event asks for: one command, as the person whom its source is.
//!
//! The command commits by itself, under the event's id as its key: a crash before the event is settled repeats
//! the answer and not the deed. What is refused is the sender's affair and no dead letter.

mod data;
#[cfg(feature = "exercises")]
mod exercise;

use std::{collections::BTreeMap, time::Duration};

use app::{
    App, Command, Error, Request,
    commands::{SettleWebhookEvent, WebhookOutcome, WebhookRecord},
    query::rows,
    webhook_source::acting::{self, Acting, HandleWebhookEvent},
};
use async_trait::async_trait;
use delivery::{Effect, WorkError, Working};
use domain::{Refusal, id::Id, refusal::Code, webhook_source::Payload};

use data::Meant;

/// The longest sentence that is kept of why an event was rejected, in characters.
const MAX_MESSAGE: usize = 500;

/// Does what a webhook event asks for.
pub(crate) struct HandleEvent;

#[async_trait]
impl Effect for HandleEvent {
    type Message = HandleWebhookEvent;
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// It reaches no further than the application.
    type Tools = ();
    type Outcome = SettleWebhookEvent;

    async fn work(
        message: &HandleWebhookEvent,
        working: Working<'_, ()>,
    ) -> Result<Option<SettleWebhookEvent>, WorkError> {
        let webhook_event_id = message.webhook_event_id;
        let event = acting::event(working.app, webhook_event_id).await.map_err(|error| later(&error))?;
        // It was written with the message: it can only be on its way.
        let event = event.ok_or_else(|| WorkError::Later("the event is not there".to_owned()))?;
        let outcome = handle(working.app, &event).await?;
        Ok(Some(SettleWebhookEvent { webhook_event_id, outcome }))
    }
}

fn later(error: &Error) -> WorkError {
    WorkError::Later(format!("{error:#}"))
}

async fn handle(app: &App, event: &rows::WebhookEvent) -> Result<WebhookOutcome, WorkError> {
    let headers: BTreeMap<String, String> = serde_json::from_value(event.headers.clone()).unwrap_or_default();
    let payload = match Payload::read(&event.content_type, &headers, &event.body) {
        Ok(payload) => payload,
        Err(unreadable) => return Ok(rejected(Code::WebhookDataInvalid, &unreadable.to_string())),
    };
    let meant = match Meant::by(&event.webhook_id, payload) {
        Ok(Some(meant)) => meant,
        Ok(None) => return Ok(WebhookOutcome::Ignored),
        Err(problem) => return Ok(rejected(Code::WebhookDataInvalid, &problem)),
    };
    let acting = acting::acting(app, Id::new(event.source_id)).await.map_err(|error| later(&error))?;
    let doing = Doing { app, acting, key: event.id.to_string() };
    match meant {
        Meant::Attest(command) => doing.run(&command, WebhookRecord::Attestation).await,
        Meant::SubmitEvidence(command) => doing.run(&command, WebhookRecord::Evidence).await,
        Meant::RecordMetricSample(command) => doing.run(&command, WebhookRecord::MetricSample).await,
    }
}

/// How an event's command is run.
struct Doing<'a> {
    app: &'a App,
    acting: Acting,
    key: String,
}

impl Doing<'_> {
    async fn run<C: Command>(
        &self,
        command: &C,
        record: impl Fn(C::Output) -> WebhookRecord,
    ) -> Result<WebhookOutcome, WorkError> {
        let request = Request::by(self.acting.actor.clone()).with_key(Some(self.key.clone()));
        let request = request.map_err(|refusal| WorkError::Never(refusal.to_string()))?;
        match self.app.execute(&request, command).await {
            Ok(made) => Ok(WebhookOutcome::Handled(record(made))),
            // A disabled source's person reaches nothing.
            Err(Error::NotFound) if self.acting.disabled => {
                Ok(rejected(Code::WebhookSourceDisabled, "the source was disabled before this was handled"))
            }
            Err(Error::NotFound) => Ok(rejection("NOT_FOUND", "a record that it names was not found")),
            Err(Error::Forbidden(reason)) => Ok(rejection("FORBIDDEN", &reason)),
            Err(Error::Refused(refusal)) => Ok(refused(&refusal)),
            Err(error @ (Error::Conflict(_) | Error::Unavailable(_) | Error::Internal(_))) => {
                Err(later(&error))
            }
        }
    }
}

fn refused(refusal: &Refusal) -> WebhookOutcome {
    if refusal.field.is_empty() {
        return rejected(refusal.code, &refusal.message);
    }
    rejected(refusal.code, &format!("data.{}: {}", refusal.field.join("."), refusal.message))
}

fn rejected(code: Code, message: &str) -> WebhookOutcome {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(code)) => rejection(&code, message),
        _ => rejection("INVALID_INPUT", message),
    }
}

/// What a sender wrote may be quoted in the message: it is kept short, and printable.
fn rejection(code: &str, message: &str) -> WebhookOutcome {
    let printable = message.chars().map(|c| if c.is_control() { ' ' } else { c });
    WebhookOutcome::Rejected { code: code.to_owned(), message: printable.take(MAX_MESSAGE).collect() }
}
