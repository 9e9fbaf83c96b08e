//! A command's transaction as a value: what it may read, what it records, and how all of it commits
//! together.

mod authorization;
mod repeat;
mod subject;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    id::{Id, kind},
    playbook::Playbook,
    refusal::Code,
    venture::Venture,
};
use entity::{audit, history, portfolio};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait};
use serde_json::Value;
use uuid::Uuid;

use subject::{Held, Subject};

use crate::{
    Actor, App, Command, Error, Request, Scope,
    commands::DispatchWebhooks,
    event::Event,
    messages::{Message, due, outbox},
    store,
};

/// One transaction of one request.
#[derive(Debug)]
pub struct Context<'a> {
    app: &'a App,
    request: &'a Request,
    tx: DatabaseTransaction,
    now: DateTime<Utc>,
    subject: Subject,
    changes: Vec<Change>,
    events: Vec<Event>,
    messages: Vec<outbox::Draft>,
    timers: bool,
}

/// What the audit shows of something beside the venture: before and after.
type Change = (Option<Value>, Option<Value>);

impl App {
    /// Opens a transaction for `request`. "Now" is read once, here.
    pub async fn begin<'a>(&'a self, request: &'a Request) -> Result<Context<'a>, Error> {
        let tx = self.database().begin().await?;
        Ok(Context {
            app: self,
            request,
            tx,
            now: self.clock().now(),
            subject: Subject::default(),
            changes: Vec::new(),
            events: Vec::new(),
            messages: Vec::new(),
            timers: false,
        })
    }
}

impl Context<'_> {
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
    pub fn app(&self) -> &App {
        self.app
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
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

    /// The portfolio the target belongs to.
    pub fn portfolio_id(&self) -> Result<Id<kind::Portfolio>, Error> {
        let venture = self.subject.venture.as_ref().map(|held| held.now.portfolio_id);
        let portfolio = self.subject.portfolio.as_ref().map(|p| Id::new(p.id));
        venture.or(portfolio).ok_or_else(|| missing("a portfolio"))
    }

    /// The row of that portfolio.
    pub async fn portfolio(&mut self) -> Result<portfolio::Model, Error> {
        if let Some(row) = &self.subject.portfolio {
            return Ok(row.clone());
        }
        let id = self.portfolio_id()?.uuid();
        let row = portfolio::Entity::find_by_id(id).one(&self.tx).await?.ok_or(Error::NotFound)?;
        self.subject.portfolio = Some(row.clone());
        Ok(row)
    }

    /// The target's venture, locked.
    pub fn venture(&self) -> Result<&Venture, Error> {
        self.subject.venture.as_ref().map(|held| &held.now).ok_or_else(|| missing("a venture"))
    }

    /// The target's venture, to change; it is saved at commit.
    pub fn venture_mut(&mut self) -> Result<&mut Venture, Error> {
        self.subject.venture.as_mut().map(|held| &mut held.now).ok_or_else(|| missing("a venture"))
    }

    /// Takes up a venture that this command has just inserted.
    pub fn hold(&mut self, venture: Venture) {
        self.subject.venture = Some(Held { before: venture.clone(), now: venture });
    }

    /// Takes up a portfolio that this command is about, or has just inserted.
    pub fn hold_portfolio(&mut self, row: portfolio::Model) {
        self.subject.listened_to = row.listeners > 0;
        self.subject.portfolio = Some(row);
    }

    /// A playbook by id.
    pub async fn playbook(&self, id: Id<kind::Playbook>) -> Result<Arc<Playbook>, Error> {
        self.app.playbooks().get(&self.tx, id).await
    }

    /// Keeps for the audit what something other than the venture was before, and is after.
    pub fn changed(&mut self, before: Option<Value>, after: Option<Value>) {
        self.changes.push((before, after));
    }

    /// Records that something happened.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Sends a command, or work, to the worker that consumes it, once this transaction has committed.
    pub fn send<M: Message>(&mut self, content: &M) -> Result<(), Error> {
        let mut draft = outbox::Draft::of(self.app.ids().next(), content, &self.request.headers)?;
        if let Ok(portfolio) = self.portfolio_id() {
            draft.headers.insert(outbox::PORTFOLIO_HEADER.to_owned(), portfolio.to_string());
        }
        self.messages.push(draft);
        Ok(())
    }

    /// Sends a message as it stands: a retry, or a replay.
    pub fn send_draft(&mut self, draft: outbox::Draft) {
        self.messages.push(draft);
    }

    /// Sets the timer of `key` for a sweep, or moves it.
    pub async fn schedule(&mut self, sweep: &str, key: Uuid, at: DateTime<Utc>) -> Result<(), Error> {
        self.timers = true;
        due::set(&self.tx, sweep, key, at).await
    }

    /// Takes the timer of `key` away.
    pub async fn unschedule(&mut self, sweep: &str, key: Uuid) -> Result<(), Error> {
        due::clear(&self.tx, sweep, key).await
    }

    /// Finds and locks the target, holds the actor to the command's right, runs it, and writes what it
    /// recorded. Nothing is visible to others before [`Context::commit`].
    pub async fn perform<C: Command>(&mut self, command: &C) -> Result<C::Output, Error> {
        let target = command.target();
        self.find(target).await?;
        self.authorize::<C>().await?;
        self.require_unchanged(target)?;
        let output = command.run(self).await?;
        self.record::<C>(command).await?;
        Ok(output)
    }

    /// Commits, then tells who waits for what was written.
    pub async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await?;
        let venture = self.subject.venture.map(|held| held.now.id.uuid());
        self.app.hints().wrote(!self.messages.is_empty(), self.timers, venture);
        Ok(())
    }

    /// Writes the venture, history, audit and messages.
    async fn record<C: Command>(&mut self, command: &C) -> Result<(), Error> {
        let portfolio_id = self.portfolio_id().ok();
        let actor = serde_json::to_value(self.request.actor.recorded(portfolio_id))?;
        let mut states = None;
        let mut sequence = 0;
        if let Some(held) = &mut self.subject.venture {
            sequence = held.now.sequence;
            if held.now != held.before || !self.events.is_empty() {
                held.now.sequence += i64::try_from(self.events.len()).unwrap_or(i64::MAX);
                held.now.updated_at = self.now;
                store::venture::save(&self.tx, &mut held.now).await?;
            }
            states = Some((store::venture::state(&held.before), store::venture::state(&held.now)));
        }
        let written = self.write_history(sequence, &actor).await?;
        self.tell(written)?;
        let states = states.filter(|(before, after)| before != after);
        let states = states.map(|(before, after)| (Some(before), Some(after)));
        let (before, after): (Vec<_>, Vec<_>) = self.changes.drain(..).chain(states).unzip();
        audit::Entity::insert(audit::ActiveModel {
            id: Set(self.app.ids().next()),
            portfolio_id: Set(portfolio_id.map(Id::uuid)),
            command: Set(C::NAME.to_owned()),
            actor: Set(actor),
            at: Set(self.now),
            target: Set(self.target_text()),
            reason: Set(reason_in(command)?),
            before: Set(one_or_all(before)),
            after: Set(one_or_all(after)),
            request_id: Set(self.request.request_id.clone()),
            trace_id: Set(self.request.trace_id.clone()),
        })
        .exec_without_returning(&self.tx)
        .await?;
        outbox::write(&self.tx, self.app.ids(), self.now, &self.messages).await
    }

    /// Has the portfolio's endpoints told of events: by one message, and by none where nobody listens.
    fn tell(&mut self, event_ids: Vec<Id<kind::Event>>) -> Result<(), Error> {
        if event_ids.is_empty() || !self.subject.listened_to {
            return Ok(());
        }
        self.send(&DispatchWebhooks { portfolio_id: self.portfolio_id()?, event_ids })
    }

    /// Writes the events; gives their ids.
    async fn write_history(&self, sequence: i64, actor: &Value) -> Result<Vec<Id<kind::Event>>, Error> {
        if self.events.is_empty() {
            return Ok(Vec::new());
        }
        let venture = self.subject.venture.as_ref().map(|held| held.now.id.uuid());
        let portfolio_id = self.portfolio_id()?.uuid();
        let (mut rows, mut ids) = (Vec::new(), Vec::new());
        for (event, number) in self.events.iter().zip(sequence + 1..) {
            let id = self.id();
            ids.push(id);
            rows.push(history::ActiveModel {
                id: Set(id.uuid()),
                portfolio_id: Set(portfolio_id),
                venture_id: Set(venture),
                sequence: Set(if venture.is_some() { number } else { 0 }),
                kind: Set(event.kind().to_owned()),
                at: Set(self.now),
                actor: Set(actor.clone()),
                body: Set(event.body()?),
                trace_id: Set(self.request.trace_id.clone()),
            });
        }
        history::Entity::insert_many(rows).exec_without_returning(&self.tx).await?;
        Ok(ids)
    }

    fn target_text(&self) -> String {
        let venture = self.subject.venture.as_ref().map(|held| format!("venture {}", held.now.id));
        let portfolio = self.subject.portfolio.as_ref().map(|p| format!("portfolio {}", p.id));
        let target = venture.or(portfolio).unwrap_or_else(|| "platform".to_owned());
        match self.subject.record {
            Some(record) => format!("{target}, record {record}"),
            None => target,
        }
    }
}

/// What is there of several states: the only one as it is, more of them as a list.
fn one_or_all(states: Vec<Option<Value>>) -> Option<Value> {
    let mut present: Vec<_> = states.into_iter().flatten().collect();
    if present.len() > 1 { Some(Value::Array(present)) } else { present.pop() }
}

/// The reason given in a command's input, where it has one.
fn reason_in<C: Command>(command: &C) -> Result<Option<String>, Error> {
    let input = serde_json::to_value(command)?;
    Ok(input.get("reason").and_then(Value::as_str).map(str::to_owned))
}

fn missing(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("the command's target has not {what}"))
}

/// Which database a transaction speaks to.
pub(crate) fn backend(tx: &impl ConnectionTrait) -> sea_orm::DbBackend {
    tx.get_database_backend()
}
