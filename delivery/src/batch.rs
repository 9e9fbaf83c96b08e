//! Several commands in one transaction: messages that were found waiting together share its statements, its
//! locks and its commit. All of them commit, or none does; whoever calls this then handles each alone.
//!
//! No savepoint separates them: one costs more than sharing a transaction saves.

use app::{Actor, Request};
use bus::Envelope;
use tracing::{Instrument, Span};

use crate::{
    Boundary,
    command::{Decoded, Erased},
    failure::{Failure, Outcome},
    node::Parts,
};

/// The most messages of one transaction. Each holds the lock of its root until all of them are done.
pub(crate) const MAX_MESSAGES: u16 = 16;

/// A message of a batch.
pub(crate) struct Member<'a> {
    pub(crate) envelope: &'a Envelope,
    pub(crate) handler: &'a dyn Erased,
    /// The message's own span, below the trace that it came from.
    pub(crate) span: &'a Span,
}

/// A member about to be run.
struct Prepared<'a> {
    member: &'a Member<'a>,
    command: Box<dyn Decoded>,
    /// Its own, so that what it causes belongs to its trace.
    request: Request,
}

/// Handles messages in one transaction, as `agent`; gives the outcome of each. After an error nothing was done.
pub(crate) async fn handle(
    parts: &Parts,
    agent: &str,
    members: &[Member<'_>],
) -> Result<Vec<Outcome>, Failure> {
    let mut prepared = Vec::with_capacity(members.len());
    for member in members {
        parts.faults.reach(Boundary::CommandReceived, &member.envelope.kind).await;
        let command = member.handler.decode(&member.envelope.body)?;
        let request = member.span.in_scope(|| Request::by(Actor::Agent(agent.to_owned())));
        prepared.push(Prepared { member, command, request });
    }
    let Some(first) = prepared.first() else { return Ok(Vec::new()) };
    let mut cx = parts.app.begin(&first.request).await?;
    let ids: Vec<_> = members.iter().map(|member| member.envelope.id).collect();
    let mut granted = cx.claim_all(agent, &ids).await?;
    // Of two deliveries of one message the first takes the grant.
    let runs: Vec<bool> = ids.iter().map(|id| granted.remove(id)).collect();
    let running: Vec<_> =
        prepared.iter().zip(&runs).filter(|(_, runs)| **runs).map(|(each, _)| each).collect();
    reach_all(parts, Boundary::CommandClaimed, &running).await;
    let targets: Vec<_> = running.iter().map(|each| each.command.target()).collect();
    cx.lock_targets(&targets).await?;
    for each in &running {
        cx.set_request(&each.request);
        each.command.perform(&mut cx).instrument(each.member.span.clone()).await?;
        parts.faults.reach(Boundary::CommandRan, &each.member.envelope.kind).await;
    }
    cx.commit().await?;
    reach_all(parts, Boundary::CommandCommitted, &running).await;
    Ok(runs.into_iter().map(|runs| if runs { Outcome::Handled } else { Outcome::Duplicate }).collect())
}

async fn reach_all(parts: &Parts, boundary: Boundary, running: &[&Prepared<'_>]) {
    for each in running {
        parts.faults.reach(boundary, &each.member.envelope.kind).await;
    }
}
