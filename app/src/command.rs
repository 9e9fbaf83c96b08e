//! Commands: the one way to change anything. Each is data, runs in one transaction, and is the same
//! whether a person asks for it over the API or a message brings it to a worker.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    venture::Venture,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Actor, App, Context, Error, trace};

/// How often a command is tried again when another transaction was in its way.
const CONFLICT_TRIES: u32 = 5;

/// Something that can be done, with all its input.
#[async_trait]
pub trait Command: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in snake case: span, audit, rights table; with `.v1`, the kind of its message.
    const NAME: &'static str;
    /// Who may.
    const RIGHT: Right;
    /// What it answers; kept for repeated requests, so ids rather than records.
    type Output: Serialize + DeserializeOwned + Send + Sync;

    /// What it is about: found within the caller's scope, and locked, before it runs.
    fn target(&self) -> Target;

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

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The platform itself: no portfolio.
    Platform,
    /// A portfolio.
    Portfolio(Id<kind::Portfolio>),
    /// A venture: locked.
    Venture {
        /// The venture.
        id: Id<Venture>,
        /// The version that the caller saw, to refuse a change of something newer.
        seen: Option<i64>,
    },
    /// A gate run: its venture is locked.
    GateRun(Id<kind::GateRun>),
    /// A piece of evidence: its venture is locked.
    Evidence(Id<kind::Evidence>),
    /// A member: their portfolio's, and the person's own affair.
    Member(Id<kind::Member>),
    /// An API token: its holder's affair, and that of the portfolio it is bound to.
    Token(Id<kind::Token>),
    /// A webhook source.
    WebhookSource(Id<kind::WebhookSource>),
    /// An event that a webhook source sent.
    WebhookEvent(Id<kind::WebhookEvent>),
    /// A dead letter.
    DeadLetter(Id<kind::DeadLetter>),
    /// A webhook endpoint that was not deleted.
    WebhookEndpoint(Id<kind::WebhookEndpoint>),
    /// A delivery to one.
    WebhookDelivery(Id<kind::WebhookDelivery>),
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
