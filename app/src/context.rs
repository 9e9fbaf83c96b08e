//! A command's transaction as a value: what it may read, what it records, and how all of it commits together.
//!
//! Several commands may run in one transaction, one after the other: each finds its own target, and what it recorded is
//! written before the next one begins.

mod authorization;
mod repeat;
mod roots;
mod subject;
mod write;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    Refusal, Role,
    evidence::Attestation,
    id::{Id, kind},
    playbook::Playbook,
    refusal::Code,
    stage_run::StageRun,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Actor, App, Command, Error, Request, Scope,
    event::Event,
    global_id::{self, Kind},
    hints::Change,
    messages::{Message, due, outbox},
    record::Found,
};

pub use authorization::{Action, Denied, permitted};
pub(crate) use write::Write;

use roots::Roots;
use subject::Subject;

/// One transaction.
#[derive(Debug)]
pub struct Context<'a> {
    app: &'a App,
    request: &'a Request,
    tx: DatabaseTransaction,
    now: DateTime<Utc>,
    /// Roots read in this transaction; those that are locked stay as they are here until it ends.
    roots: Roots,
    /// What the command under way is about.
    subject: Subject,
    /// Records that were found before their commands run.
    resolved: HashMap<(Kind, Uuid), Found>,
    /// What is attested in a stage run, as the command under way read it.
    attested: Option<(Id<StageRun>, Vec<Attestation>)>,
    /// What the command under way recorded.
    recorded: Recorded,
    /// What those who wait are told of once the transaction has committed.
    hints: Vec<Change>,
    /// The roles for which something else waits than before the command under way.
    waits_changed: Vec<Role>,
    wrote_messages: bool,
    set_timers: bool,
}

/// What a command recorded, until it is written.
#[derive(Debug, Default)]
struct Recorded {
    states: Vec<(Option<Value>, Option<Value>)>,
    events: Vec<(&'static str, Result<Value, serde_json::Error>)>,
    messages: Vec<outbox::Draft>,
    writes: Vec<Write>,
}

impl App {
    /// Opens a transaction for `request`. "Now" is read once, here.
    pub async fn begin<'a>(&'a self, request: &'a Request) -> Result<Context<'a>, Error> {
        let tx = self.database().begin().await?;
        Ok(Context {
            app: self,
            request,
            tx,
            now: self.clock().now(),
            roots: Roots::default(),
            subject: Subject::default(),
            resolved: HashMap::new(),
            attested: None,
            recorded: Recorded::default(),
            hints: Vec::new(),
            waits_changed: Vec::new(),
            wrote_messages: false,
            set_timers: false,
        })
    }
}

impl<'a> Context<'a> {
    /// Goes on for another request, in the same transaction.
    pub fn set_request(&mut self, request: &'a Request) {
        self.request = request;
    }

    /// The time of everything that happens in this transaction.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A new id.
    pub fn id<T>(&self) -> Id<T> {
        Id::new(self.app.ids().next())
    }

    /// The transaction, for statements.
    pub fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The application.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// Who acts.
    pub fn actor(&self) -> &'a Actor {
        &self.request.actor
    }

    /// Trace of the request.
    pub fn trace_id(&self) -> Option<String> {
        self.request.trace_id.clone()
    }

    /// How far the actor sees.
    pub fn scope(&self) -> Scope {
        self.request.actor.scope()
    }

    /// The person who acts; refuses an agent.
    pub fn person(&self) -> Result<Id<kind::Person>, Error> {
        self.request.actor.person().map(|p| p.id).ok_or_else(|| {
            Refusal::new(Code::PersonRequired, "only a person may do this; agents propose and execute").into()
        })
    }

    /// A playbook by id.
    pub async fn playbook(&self, id: Id<kind::Playbook>) -> Result<Arc<Playbook>, Error> {
        self.app.playbooks().get(&self.tx, id).await
    }

    /// What is attested in the stage run now, with the evidence that stands: read once, for the command and for what
    /// waits after it.
    pub(crate) async fn attestations(&mut self) -> Result<Vec<Attestation>, Error> {
        let run = self.stage_run()?.id;
        if let Some((of, known)) = &self.attested
            && *of == run
        {
            return Ok(known.clone());
        }
        let found = crate::evidence::store::current(&self.tx, &[run.uuid()]).await?;
        self.attested = Some((run, found.clone()));
        Ok(found)
    }

    /// Whoever changes an attestation or its evidence says so: what was read before no longer holds.
    pub(crate) fn attestations_changed(&mut self) {
        self.attested = None;
    }

    /// Keeps for the record what something other than the root was before, and is after.
    pub fn changed(&mut self, before: Option<Value>, after: Option<Value>) {
        self.recorded.states.push((before, after));
    }

    /// Records that something happened to the root.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.recorded.events.push((E::KIND, serde_json::to_value(event)));
    }

    /// Writes a row together with everything else that the command records. A statement that comes before then does not
    /// see it.
    pub(crate) fn write(&mut self, write: impl Into<Write>) {
        self.recorded.writes.push(write.into());
    }

    /// Sends a command, or work, to the worker that consumes it, once this transaction has committed.
    pub fn send<M: Message>(&mut self, content: &M) -> Result<(), Error> {
        let mut draft = outbox::Draft::of(self.app.ids().next(), content, &self.request.headers)?;
        if let Ok(portfolio) = self.portfolio_id() {
            draft.headers.insert(outbox::PORTFOLIO_HEADER.to_owned(), portfolio.to_string());
        }
        if let Some(job) = content.job() {
            draft.headers.insert(outbox::JOB_HEADER.to_owned(), global_id::encode(job.kind, job.id));
        }
        self.recorded.messages.push(draft);
        Ok(())
    }

    /// Sends a message as it stands: a retry, or a replay.
    pub fn send_draft(&mut self, draft: outbox::Draft) {
        self.recorded.messages.push(draft);
    }

    /// Sets the timer of `key` for a sweep, or moves it.
    pub async fn schedule(&mut self, sweep: &str, key: Uuid, at: DateTime<Utc>) -> Result<(), Error> {
        self.set_timers = true;
        due::set(&self.tx, sweep, key, at).await
    }

    /// Takes the timer of `key` away.
    pub async fn unschedule(&mut self, sweep: &str, key: Uuid) -> Result<(), Error> {
        due::clear(&self.tx, sweep, key).await
    }

    /// Finds the target and locks its root, holds the actor to the command's right, runs it, and writes what it
    /// recorded. Nothing is visible to others before [`Context::commit`].
    pub async fn perform<C: Command>(&mut self, command: &C) -> Result<C::Output, Error> {
        let target = command.target();
        self.recorded = Recorded::default();
        self.attested = None;
        self.find(target).await?;
        self.authorize::<C>().await?;
        self.require_unchanged(target)?;
        C::ready(&self.standing())?;
        let output = command.run(self).await?;
        self.record::<C>(command).await?;
        Ok(output)
    }

    /// Commits, then tells who waits for what was written.
    pub async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await?;
        self.app.hints().wrote(self.wrote_messages, self.set_timers, self.hints);
        Ok(())
    }
}

fn missing(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("the command's target has not {what}"))
}

/// Which database a transaction speaks to.
pub(crate) fn backend(tx: &impl ConnectionTrait) -> sea_orm::DbBackend {
    tx.get_database_backend()
}
