//! Webhooks on their way out: the call itself, and the sweep that orders the next one.

use std::time::Duration;

use app::{
    Command, Context, Error,
    commands::{RecordWebhookAttempt, RetryWebhook},
    messages::Message,
    query::webhook_deliveries::{self, Outgoing},
    webhook::DeliverWebhook,
};
use async_trait::async_trait;
use delivery::{Effect, Next, Sweep, WorkError, Working};
use domain::{
    id::Id,
    webhook::{Answer, Attempted},
};
use outbound::{Client, Secret};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

/// How much of an answer's body is kept, in bytes.
const KEPT_BYTES: usize = 1024;

/// One attempt at a delivery.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Deliver(DeliverWebhook);

impl Message for Deliver {
    const NAME: &'static str = DeliverWebhook::NAME;
}

#[async_trait]
impl Effect for Deliver {
    // The client's own timeout, at most 60 s, comes first.
    const TIMEOUT: Duration = Duration::from_secs(75);
    type Tools = Client;
    type Outcome = RecordWebhookAttempt;

    /// A receiver that does not take the message is an outcome, not a failure of ours.
    async fn work(&self, working: Working<'_, Client>) -> Result<Option<RecordWebhookAttempt>, WorkError> {
        let DeliverWebhook { delivery_id, attempt } = self.0;
        let outgoing = webhook_deliveries::outgoing(working.app, delivery_id, attempt).await;
        let Some(outgoing) = outgoing.map_err(|error| WorkError::Later(error.to_string()))? else {
            return Ok(None);
        };
        let attempted = call(&working, outgoing).await?;
        Ok(Some(RecordWebhookAttempt { delivery_id, attempt, attempted }))
    }
}

/// Signs, sends, and reads the answer.
async fn call(working: &Working<'_, Client>, outgoing: Outgoing) -> Result<Attempted, WorkError> {
    let never = |what: &dyn std::fmt::Display| WorkError::Never(format!("it cannot be sent: {what}"));
    let clock = working.app.clock();
    let secrets = outgoing.secrets.iter().map(|text| Secret::parse(text)).collect::<Result<Vec<_>, _>>();
    let secrets = secrets.map_err(|error| never(&error))?;
    let headers = outbound::sign(&secrets, &outgoing.message_id, clock.now(), &outgoing.body)
        .map_err(|error| never(&error))?;
    let url = Url::parse(&outgoing.url).map_err(|error| never(&error))?;
    let begun = Instant::now();
    let answer = match working.tools.post(&url, headers, outgoing.body.into()).await {
        Ok(answer) => Answer::Status {
            code: answer.status,
            retry_after_s: answer.retry_after.map(|after| after.from(clock.now()).num_seconds()),
            body: excerpt(&answer.body),
        },
        Err(failure) => Answer::None(failure.to_string()),
    };
    let took_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
    let outcome = if answer.is_success() { "delivered" } else { "failed" };
    metrics::counter!("venturi_webhook_attempts_total", "outcome" => outcome).increment(1);
    Ok(Attempted { answer, took_ms })
}

/// The beginning of a body as text that every database keeps: PostgreSQL has no NUL in texts.
fn excerpt(body: &[u8]) -> String {
    let bytes: Vec<u8> = body.iter().copied().take(KEPT_BYTES).collect();
    String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}")
}

/// The sweep over deliveries whose next attempt is due; the key is the delivery.
pub(crate) struct RetryWebhooks;

#[async_trait]
impl Sweep for RetryWebhooks {
    fn name(&self) -> &'static str {
        <RetryWebhook as Command>::NAME
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        match cx.perform(&RetryWebhook { delivery_id: Id::new(key) }).await {
            Ok(()) | Err(Error::NotFound) => Ok(Next::Never),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_the_beginning_is_kept_as_text() {
        assert_eq!(excerpt(b"no\0 \xff"), "no\u{fffd} \u{fffd}");
        assert_eq!(excerpt(&[b'x'; 5_000]).len(), KEPT_BYTES);
    }
}
