//! The effect that calls a webhook endpoint: one attempt at a delivery.

#[cfg(feature = "exercises")]
mod exercise;

use std::time::Duration;

use app::{
    commands::RecordWebhookAttempt,
    query::webhook_deliveries::{self, Outgoing},
    webhook_endpoint::message::DeliverWebhook,
};
use async_trait::async_trait;
use delivery::{Effect, WorkError, Working};
use domain::webhook::{Answer, Attempted};
use outbound::{Client, Secret};
use tokio::time::Instant;
use url::Url;

/// How much of an answer's body is kept, in bytes.
const KEPT_BYTES: usize = 1024;

/// Signs a webhook and sends it once.
pub(crate) struct CallEndpoint;

#[async_trait]
impl Effect for CallEndpoint {
    type Message = DeliverWebhook;
    // The client's own timeout, at most 60 s, comes first.
    const TIMEOUT: Duration = Duration::from_secs(75);
    type Tools = Client;
    type Outcome = RecordWebhookAttempt;

    /// A receiver that does not take the message is an outcome, not a failure of ours.
    async fn work(
        message: &DeliverWebhook,
        working: Working<'_, Client>,
    ) -> Result<Option<RecordWebhookAttempt>, WorkError> {
        let DeliverWebhook { delivery_id, attempt } = *message;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_the_beginning_is_kept_as_text() {
        assert_eq!(excerpt(b"no\0 \xff"), "no\u{fffd} \u{fffd}");
        assert_eq!(excerpt(&[b'x'; 5_000]).len(), KEPT_BYTES);
    }
}
