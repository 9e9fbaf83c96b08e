//! Commands: the one way to change anything. Each is data, runs in one transaction, and is the same
//! whether a person asks for it over the API or a message brings it to a worker.

mod by_operator;

use std::{any::Any, collections::BTreeMap};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Refusal, stage_run::StageRun, venture::Venture};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Actor, App, Context, Error, Target, event, global_id::Kind, trace};

pub use by_operator::ByOperator;

/// The commands of a feature, each in the module of its name: `module { Command, …; type beside them, … }`. From the one
/// list follow what is public, and what the commands declare.
macro_rules! commands {
    ($($module:ident { $($command:ident),+ $(; $($beside:ident),+)? })*) => {
        $(pub use $module::{$($command),+ $(, $($beside),+)?};)*

        /// The commands of the feature, and the types beside them.
        pub mod commands {
            $(pub use super::$module::{$($command),+ $(, $($beside),+)?};)*
        }

        /// What the commands of the feature declare.
        pub(crate) const COMMANDS: &[crate::command::Declared] =
            &[$($(crate::command::Declared::of::<$command>()),+),*];
    };
}
pub(crate) use commands;

/// How often a command is tried again when another transaction was in its way.
const CONFLICT_TRIES: u32 = 5;

/// Something that can be done, with all its input.
#[async_trait]
pub trait Command: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in snake case: span, audit, rights table; with `.v1`, the kind of its message.
    const NAME: &'static str;
    /// Who may.
    const RIGHT: Right;
    /// The events that it can cause.
    const EVENTS: &'static [event::Declared] = &[];
    /// What kind of record a person asks for it on; none for what is not asked for on a record.
    const ACTS_ON: Option<Kind> = None;
    /// What it answers; kept for repeated requests, so ids rather than records.
    type Output: Serialize + DeserializeOwned + Send + Sync;

    /// What it is about: found within the caller's scope, and locked, before it runs.
    fn target(&self) -> Target;

    /// Refuses what the state of its target does not allow, whatever the input. It is asked before the command runs, and
    /// by whoever wants to know whether the command is worth asking for.
    fn ready(_standing: &Standing<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Decides and records, within the transaction of `cx`.
    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error>;
}

/// Who may run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Holders of the roles that the portfolio's playbook lists for it under `rights`.
    Playbook,
    /// The same, and whoever asked for what the command is about.
    PlaybookOrAsker,
    /// Holders, in the target's portfolio, of one of the platform's own roles.
    Platform(&'static [&'static str]),
    /// The person whose affair the target is, or, of a member or of what is bound to a portfolio, holders of
    /// one of the platform's own roles there.
    Oneself(&'static [&'static str]),
    /// Holders of one of these roles in any portfolio.
    Anywhere(&'static [&'static str]),
    /// Our own agents alone; no person can ask for it.
    Agent,
}

/// How what a command is about stands, before it runs.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The venture; none where the root is a portfolio.
    pub venture: Option<&'a Venture>,
    /// The stage run that the root is in.
    pub stage_run: Option<&'a StageRun>,
    /// The record's row, when the command is about a record.
    pub record: Option<&'a (dyn Any + Send + Sync)>,
    /// The time.
    pub now: DateTime<Utc>,
}

impl<'a> Standing<'a> {
    /// The record's row.
    pub fn record<M: Any>(&self) -> Option<&'a M> {
        self.record.and_then(|row| row.downcast_ref())
    }

    /// Refuses a venture that is not active. A portfolio always is.
    pub fn require_active(&self) -> Result<(), Refusal> {
        self.venture.map_or(Ok(()), Venture::require_active)
    }
}

/// A command, as it declares itself.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// Who may.
    pub right: Right,
    /// What kind of record a person asks for it on; none for what is not asked for on a record.
    pub acts_on: Option<Kind>,
    /// The events that it causes.
    pub events: &'static [event::Declared],
    /// Refuses what the state of its target does not allow.
    pub ready: fn(&Standing<'_>) -> Result<(), Refusal>,
}

impl Declared {
    /// The declaration of a command's type.
    pub const fn of<C: Command>() -> Self {
        Self { name: C::NAME, right: C::RIGHT, acts_on: C::ACTS_ON, events: C::EVENTS, ready: C::ready }
    }
}

/// Every command, feature by feature.
pub fn all() -> Vec<Declared> {
    crate::features().into_iter().flatten().copied().collect()
}

/// The names of the commands whose right the playbook grants.
pub fn governed() -> Vec<&'static str> {
    let asks = |right| matches!(right, Right::Playbook | Right::PlaybookOrAsker);
    all().into_iter().filter(|command| asks(command.right)).map(|command| command.name).collect()
}

/// Who asks, and how the request is to be recorded.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// The caller's key for this request: the same key again gives the same answer and no second effect.
    pub idempotency_key: Option<String>,
    /// The request's id, from the edge.
    pub request_id: Option<String>,
    /// The trace's headers, for messages.
    pub headers: BTreeMap<String, String>,
    /// The trace's id, for history and audit.
    pub trace_id: Option<String>,
}

impl Request {
    /// A request by `actor`, in the current trace.
    pub fn by(actor: Actor) -> Self {
        Self {
            actor,
            idempotency_key: None,
            request_id: None,
            headers: trace::headers(),
            trace_id: trace::id(),
        }
    }

    /// A request by whoever runs the system, at its command line.
    pub fn by_operator() -> Self {
        Self::by(Actor::Agent("operator".to_owned()))
    }

    /// With an idempotency key of 1 to 200 printable characters.
    pub fn with_key(mut self, key: Option<String>) -> Result<Self, Refusal> {
        if let Some(key) = &key {
            let good = (1..=200).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
            if !good {
                return Err(Refusal::invalid(
                    "idempotencyKey",
                    "1 to 200 printable ASCII characters, no spaces",
                ));
            }
        }
        self.idempotency_key = key;
        Ok(self)
    }
}

impl App {
    /// Runs a command in a transaction of its own, again if another transaction was in its way.
    #[tracing::instrument(name = "execute", skip_all, fields(command = C::NAME))]
    pub async fn execute<C: Command>(&self, request: &Request, command: &C) -> Result<C::Output, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.execute_once(request, command).await {
                Err(Error::Conflict(reason)) if tries < CONFLICT_TRIES => {
                    tracing::debug!(reason, tries, "conflict: trying again");
                }
                outcome => return outcome,
            }
        }
    }

    async fn execute_once<C: Command>(&self, request: &Request, command: &C) -> Result<C::Output, Error> {
        let mut cx = self.begin(request).await?;
        if let Some(answer) = cx.answered::<C>(command).await? {
            return Ok(answer);
        }
        let output = cx.perform(command).await?;
        cx.remember(command, &output).await?;
        cx.commit().await?;
        Ok(output)
    }
}
