//! The effect handler: mail, HTTP, a long computation. A transaction claims the message, the work runs
//! outside any, a transaction settles it. A crash between leaves the claim to its lease, after which the
//! work runs again under the same idempotency key.

use std::time::Duration;

use app::{
    Actor, App, Command, Context, Request,
    messages::{Message, inbox::Claim},
};
use async_trait::async_trait;
use bus::Envelope;
use uuid::Uuid;

use crate::{
    Boundary,
    failure::{Failure, Outcome},
    node::Parts,
};

/// Work to be done in the world, as a message asks for it.
#[async_trait]
pub trait Effect: Send + Sync + 'static {
    /// The message that asks for it.
    type Message: Message;
    /// How long one try may take.
    const TIMEOUT: Duration;
    /// What it reaches the world by: a client, say. Its handler is given it once.
    type Tools: Send + Sync + 'static;
    /// The command that records what came of it, in the transaction that settles it.
    type Outcome: Command;

    /// Does the work. It may be done more than once: the world is told the same key each time. None: there
    /// was nothing to do any more, and there is nothing to record.
    async fn work(
        message: &Self::Message,
        working: Working<'_, Self::Tools>,
    ) -> Result<Option<Self::Outcome>, WorkError>;
}

/// What an effect has at hand.
#[derive(Debug)]
pub struct Working<'a, T> {
    /// The application, for reading.
    pub app: &'a App,
    /// What it reaches the world by.
    pub tools: &'a T,
    /// The same for every try of this message.
    pub idempotency_key: Uuid,
}

/// Why the work was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// It may go better later.
    #[error("{0}")]
    Later(String),
    /// It will never go better.
    #[error("{0}")]
    Never(String),
}

/// An effect whose type was forgotten.
#[async_trait]
pub(crate) trait Erased: Send + Sync {
    /// How long one try may take.
    fn timeout(&self) -> Duration;

    /// Does the work; gives the JSON of the command that settles it, or of null.
    async fn work(&self, app: &App, message: &Envelope) -> Result<Vec<u8>, WorkError>;

    /// Runs that command, if there is one.
    async fn settle(&self, cx: &mut Context<'_>, outcome: &[u8]) -> Result<(), Failure>;
}

/// Remembers the effect's type, and holds its tools.
pub(crate) struct Typed<E: Effect> {
    tools: E::Tools,
}

impl<E: Effect> Typed<E> {
    pub(crate) fn new(tools: E::Tools) -> Self {
        Self { tools }
    }
}

#[async_trait]
impl<E: Effect> Erased for Typed<E> {
    fn timeout(&self) -> Duration {
        E::TIMEOUT
    }

    async fn work(&self, app: &App, message: &Envelope) -> Result<Vec<u8>, WorkError> {
        let never = |error: serde_json::Error| WorkError::Never(error.to_string());
        let asked: E::Message = serde_json::from_slice(&message.body).map_err(never)?;
        let working = Working { app, tools: &self.tools, idempotency_key: message.id };
        let outcome = E::work(&asked, working).await?;
        serde_json::to_vec(&outcome).map_err(never)
    }

    async fn settle(&self, cx: &mut Context<'_>, outcome: &[u8]) -> Result<(), Failure> {
        let command: Option<E::Outcome> = serde_json::from_slice(outcome)?;
        if let Some(command) = command {
            cx.perform(&command).await?;
        }
        Ok(())
    }
}

/// Handles an effect's message once, as `agent`.
pub(crate) async fn handle(
    parts: &Parts,
    agent: &str,
    handler: &dyn Erased,
    envelope: &Envelope,
) -> Result<Outcome, Failure> {
    parts.faults.reach(Boundary::EffectReceived, &envelope.kind).await;
    let request = Request::by(Actor::Agent(agent.to_owned()));
    match claim(parts, &request, agent, handler, envelope).await? {
        Claim::Granted => {}
        Claim::Done => return Ok(Outcome::Duplicate),
        Claim::Held(until) => return Err(Failure::Held(until)),
    }
    parts.faults.reach(Boundary::EffectClaimed, &envelope.kind).await;
    let worked = tokio::time::timeout(handler.timeout(), handler.work(&parts.app, envelope)).await;
    let failure = match worked {
        Ok(Ok(outcome)) => {
            parts.faults.reach(Boundary::EffectWorked, &envelope.kind).await;
            return settle(parts, &request, agent, handler, (envelope, outcome)).await;
        }
        Ok(Err(WorkError::Later(reason))) => Failure::Later(reason),
        Ok(Err(WorkError::Never(reason))) => Failure::Never(reason),
        Err(_) => Failure::Later(format!("it took longer than {:?}", handler.timeout())),
    };
    let cx = parts.app.begin(&request).await?;
    cx.unclaim(agent, envelope.id).await?;
    cx.commit().await?;
    Err(failure)
}

async fn claim(
    parts: &Parts,
    request: &Request,
    agent: &str,
    handler: &dyn Erased,
    envelope: &Envelope,
) -> Result<Claim, Failure> {
    // The lease outlasts the work, with room for the settling transaction.
    let lease = chrono::Duration::from_std(handler.timeout()).unwrap_or(chrono::Duration::MAX);
    let cx = parts.app.begin(request).await?;
    let claim = cx.claim_effect(agent, envelope.id, lease + parts.settings.lease()).await?;
    cx.commit().await?;
    Ok(claim)
}

async fn settle(
    parts: &Parts,
    request: &Request,
    agent: &str,
    handler: &dyn Erased,
    (envelope, outcome): (&Envelope, Vec<u8>),
) -> Result<Outcome, Failure> {
    let mut cx = parts.app.begin(request).await?;
    if !cx.settle(agent, envelope.id).await? {
        return Ok(Outcome::Duplicate);
    }
    handler.settle(&mut cx, &outcome).await?;
    parts.faults.reach(Boundary::EffectSettled, &envelope.kind).await;
    cx.commit().await?;
    parts.faults.reach(Boundary::EffectCommitted, &envelope.kind).await;
    Ok(Outcome::Handled)
}
