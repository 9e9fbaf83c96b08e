//! What becomes of a message that was not handled: held, tried again later, or parked.

use app::{
    Actor, Error, Request,
    commands::ParkMessage,
    messages::outbox::{self, Draft},
};
use bus::Envelope;

use crate::node::Parts;

/// Why a message was not handled.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database is away: hold the delivery and do it again when it is back.
    Unavailable(String),
    /// It may go better later.
    Later(String),
    /// It will never go better.
    Never(String),
    /// Somebody else has it; look again then.
    Held(chrono::DateTime<chrono::Utc>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(reason) => Self::Unavailable(reason),
            // A record that is not there may be on its way.
            Error::NotFound => Self::Later("the record it names is not there".to_owned()),
            Error::Conflict(reason) => Self::Later(format!("conflict: {reason}")),
            Error::Internal(cause) => Self::Later(format!("{cause:#}")),
            Error::Refused(refusal) => Self::Never(format!("refused: {refusal}")),
            Error::Forbidden(reason) => Self::Never(format!("forbidden: {reason}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Never(format!("the body is not what its kind says: {error}"))
    }
}

/// What was done with a message; a label of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Handled,
    Duplicate,
    Retried,
    Parked,
}

impl Outcome {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Duplicate => "duplicate",
            Self::Retried => "retried",
            Self::Parked => "parked",
        }
    }
}

/// Records the failure, so that the delivery may be acknowledged.
pub(crate) async fn record(
    parts: &Parts,
    queue: &str,
    envelope: &Envelope,
    failure: Failure,
) -> Result<Outcome, Failure> {
    let failures = envelope.attempt + 1;
    let (at, reason) = match failure {
        Failure::Unavailable(reason) => return Err(Failure::Unavailable(reason)),
        Failure::Never(reason) => return park(parts, queue, envelope, (Cause::Rejected, reason)).await,
        Failure::Later(reason) if failures >= parts.settings.attempts => {
            return park(parts, queue, envelope, (Cause::AttemptsExhausted, reason)).await;
        }
        Failure::Later(reason) => (parts.app.clock().now() + parts.settings.backoff(failures), reason),
        Failure::Held(until) => (until, "it is under way elsewhere".to_owned()),
    };
    tracing::warn!(reason, failures, next = %at, "message will be tried again");
    let retry = Draft {
        message_id: envelope.id,
        kind: envelope.kind.clone(),
        queue: Some(queue.to_owned()),
        body: String::from_utf8_lossy(&envelope.body).into_owned(),
        headers: envelope.headers.clone(),
        attempt: failures,
        available_at: Some(at),
    };
    outbox::enqueue(&parts.app, retry).await?;
    Ok(Outcome::Retried)
}

/// What kind of failure a message is parked for: the code of its job's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was refused, or is malformed: trying again cannot help.
    Rejected,
    /// It failed as often as it is tried.
    AttemptsExhausted,
    /// Its handler dies of it.
    HandlerDied,
}

impl Cause {
    fn code(self) -> &'static str {
        match self {
            Self::Rejected => "REJECTED",
            Self::AttemptsExhausted => "ATTEMPTS_EXHAUSTED",
            Self::HandlerDied => "HANDLER_DIED",
        }
    }
}

/// Keeps the message among the dead letters, and has its job fail.
pub(crate) async fn park(
    parts: &Parts,
    queue: &str,
    envelope: &Envelope,
    (cause, reason): (Cause, String),
) -> Result<Outcome, Failure> {
    tracing::error!(reason, "message parked; an operator may replay it");
    let mut parked = ParkMessage {
        queue: queue.to_owned(),
        message_id: envelope.id,
        kind: envelope.kind.clone(),
        body: String::from_utf8_lossy(&envelope.body).into_owned(),
        headers: envelope.headers.clone(),
        attempts: envelope.attempt + 1,
        code: cause.code().to_owned(),
        reason,
        without_job: false,
    };
    let request = Request::by(Actor::Agent(queue.to_owned()));
    match parts.app.execute(&request, &parked).await {
        // Its job, or its portfolio, is not there: the message is kept all the same.
        Err(Error::NotFound) => {
            parked.without_job = true;
            parts.app.execute(&request, &parked).await?;
        }
        outcome => outcome?,
    }
    Ok(Outcome::Parked)
}
