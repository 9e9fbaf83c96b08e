//! The command handler: claim, run and commit in one transaction, then acknowledge.

use std::marker::PhantomData;

use app::{
    Actor, Command, Context, Request,
    messages::{inbox::Claim, kind_of},
};
use async_trait::async_trait;
use bus::Envelope;

use crate::{
    Boundary,
    failure::{Failure, Outcome},
    node::Parts,
};

/// A command whose type was forgotten.
#[async_trait]
pub trait Erased: Send + Sync {
    /// The kind of message that carries it.
    fn kind(&self) -> String;

    /// Runs the command in `body` within a transaction.
    async fn perform(&self, cx: &mut Context<'_>, body: &[u8]) -> Result<(), Performed>;
}

/// Why a command in a message did not run.
#[derive(Debug)]
pub enum Performed {
    /// The body is no such command.
    Undecodable(serde_json::Error),
    /// It failed.
    Failed(app::Error),
}

/// Remembers the command's type.
pub(crate) struct Typed<C>(PhantomData<fn() -> C>);

impl<C> Default for Typed<C> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<C: Command> Erased for Typed<C> {
    fn kind(&self) -> String {
        kind_of::<C>()
    }

    async fn perform(&self, cx: &mut Context<'_>, body: &[u8]) -> Result<(), Performed> {
        let command: C = serde_json::from_slice(body).map_err(Performed::Undecodable)?;
        cx.perform(&command).await.map(drop).map_err(Performed::Failed)
    }
}

impl From<Performed> for Failure {
    fn from(performed: Performed) -> Self {
        match performed {
            Performed::Undecodable(error) => error.into(),
            Performed::Failed(error) => error.into(),
        }
    }
}

/// Handles a command's message once, as `agent`.
pub(crate) async fn handle(
    parts: &Parts,
    agent: &str,
    handler: &dyn Erased,
    envelope: &Envelope,
) -> Result<Outcome, Failure> {
    parts.faults.reach(Boundary::CommandReceived).await;
    let request = Request::by(Actor::Agent(agent.to_owned()));
    let mut cx = parts.app.begin(&request).await?;
    if cx.claim(agent, envelope.id).await? != Claim::Granted {
        return Ok(Outcome::Duplicate);
    }
    parts.faults.reach(Boundary::CommandClaimed).await;
    handler.perform(&mut cx, &envelope.body).await?;
    parts.faults.reach(Boundary::CommandRan).await;
    cx.commit().await?;
    parts.faults.reach(Boundary::CommandCommitted).await;
    Ok(Outcome::Handled)
}
