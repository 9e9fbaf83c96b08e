//! The command handler: claim, run and commit in one transaction, then acknowledge.

use std::marker::PhantomData;

use app::{
    Actor, Command, Context, Error, Request, Target,
    messages::{Message, inbox::Claim},
};
use async_trait::async_trait;
use bus::Envelope;

use crate::{
    Boundary,
    failure::{Failure, Outcome},
    node::Parts,
};

/// Runs the command that a message carries.
pub trait CommandHandler: Send + Sync + 'static {
    /// The command, which is its own message.
    type Command: Command + Message;
    /// Whether several messages may be handled in one transaction. Only a command that locks nothing but its root
    /// may say so: roots are locked in one order, other locks are not, so two batches would wait for each other.
    const BATCHED: bool = false;
}

/// A command handler whose type was forgotten.
pub(crate) trait Erased: Send + Sync {
    /// Whether several messages may be handled in one transaction.
    fn is_batched(&self) -> bool;

    /// The command in a message's body.
    fn decode(&self, body: &[u8]) -> Result<Box<dyn Decoded>, serde_json::Error>;
}

/// A command whose type was forgotten.
#[async_trait]
pub(crate) trait Decoded: Send + Sync {
    /// What it is about.
    fn target(&self) -> Target;

    /// Runs it within a transaction.
    async fn perform(&self, cx: &mut Context<'_>) -> Result<(), Error>;
}

/// Remembers the handler's type.
pub(crate) struct Typed<H>(PhantomData<fn() -> H>);

impl<H> Default for Typed<H> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<H: CommandHandler> Erased for Typed<H> {
    fn is_batched(&self) -> bool {
        H::BATCHED
    }

    fn decode(&self, body: &[u8]) -> Result<Box<dyn Decoded>, serde_json::Error> {
        Ok(Box::new(Known(serde_json::from_slice::<H::Command>(body)?)))
    }
}

/// Remembers the command's type.
struct Known<C>(C);

#[async_trait]
impl<C: Command> Decoded for Known<C> {
    fn target(&self) -> Target {
        self.0.target()
    }

    async fn perform(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.perform(&self.0).await.map(drop)
    }
}

/// Handles a command's message once, as `agent`.
pub(crate) async fn handle(
    parts: &Parts,
    agent: &str,
    handler: &dyn Erased,
    envelope: &Envelope,
) -> Result<Outcome, Failure> {
    parts.faults.reach(Boundary::CommandReceived, &envelope.kind).await;
    let command = handler.decode(&envelope.body)?;
    let request = Request::by(Actor::Agent(agent.to_owned()));
    let mut cx = parts.app.begin(&request).await?;
    if cx.claim(agent, envelope.id).await? != Claim::Granted {
        return Ok(Outcome::Duplicate);
    }
    parts.faults.reach(Boundary::CommandClaimed, &envelope.kind).await;
    command.perform(&mut cx).await?;
    parts.faults.reach(Boundary::CommandRan, &envelope.kind).await;
    cx.commit().await?;
    parts.faults.reach(Boundary::CommandCommitted, &envelope.kind).await;
    Ok(Outcome::Handled)
}
