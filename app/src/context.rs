//! A command's transaction as a value: what it may read, what it records, and how all of it commits
//! together.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    Refusal, Role,
    id::{Id, kind},
    playbook::Playbook,
    refusal::Code,
    venture::Venture,
};
use entity::{audit, history, idempotency, portfolio};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, App, Command, Error, Request, Right, Scope, Target,
    command::stale,
    event::Event,
    messages::{due, outbox},
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
    events: Vec<Event>,
    messages: Vec<outbox::Draft>,
    timers: bool,
}

/// What the command is about, once found.
#[derive(Debug, Default)]
struct Subject {
    portfolio: Option<portfolio::Model>,
    venture: Option<Held>,
    record: Option<Uuid>,
    /// The person who asked for the record.
    asker: Option<Id<kind::Person>>,
}

/// A venture under lock, and as it was.
#[derive(Debug)]
struct Held {
    before: Venture,
    now: Venture,
}

impl App {
    /// Opens a transaction for `request`. "Now" is read once, here.
    pub async fn begin<'a>(&'a self, request: &'a Request) -> Result<Context<'a>, Error> {
        let tx = self.database.begin().await?;
        Ok(Context {
            app: self,
            request,
            tx,
            now: self.clock.now(),
            subject: Subject::default(),
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
        Id::new(self.app.ids.next())
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

    /// Takes up a portfolio that this command has just inserted.
    pub fn hold_portfolio(&mut self, row: portfolio::Model) {
        self.subject.portfolio = Some(row);
    }

    /// A playbook by id.
    pub async fn playbook(&self, id: Id<kind::Playbook>) -> Result<Arc<Playbook>, Error> {
        self.app.playbooks.get(&self.tx, id).await
    }

    /// Records that something happened.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Sends a command to the worker that consumes it, once this transaction has committed.
    pub fn send<C: Command>(&mut self, command: &C) -> Result<(), Error> {
        let mut draft = outbox::Draft::of(self.app.ids.next(), command, &self.request.headers)?;
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
        self.find(command.target()).await?;
        self.authorize::<C>().await?;
        if let (Some(seen), Some(held)) = (command.expected_version(), &self.subject.venture)
            && seen != held.now.version
        {
            return Err(stale(seen, held.now.version));
        }
        let output = command.run(self).await?;
        self.record::<C>(command).await?;
        Ok(output)
    }

    /// Commits, then tells who waits for what was written.
    pub async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await?;
        let venture = self.subject.venture.map(|held| held.now.id.uuid());
        self.app.hints.wrote(!self.messages.is_empty(), self.timers, venture);
        Ok(())
    }

    async fn find(&mut self, target: Target) -> Result<(), Error> {
        let scope = self.scope();
        let venture_id = match target {
            Target::Platform => return Ok(()),
            Target::Portfolio(id) => {
                self.subject.portfolio = Some(store::portfolio::find(&self.tx, &scope, id).await?);
                return Ok(());
            }
            Target::DeadLetter(id) => {
                let portfolio = store::dead_letter_portfolio(&self.tx, &scope, id).await?;
                self.subject.portfolio = Some(portfolio);
                self.subject.record = Some(id.uuid());
                return Ok(());
            }
            Target::Venture(id) => id,
            Target::GateRun(id) => {
                self.subject.record = Some(id.uuid());
                let (venture, asker) = store::gate_run::subject_of(&self.tx, &scope, id).await?;
                self.subject.asker = Some(asker);
                venture
            }
            Target::Evidence(id) => {
                self.subject.record = Some(id.uuid());
                store::evidence::venture_of(&self.tx, &scope, id).await?
            }
        };
        let venture = store::venture::lock(&self.tx, &scope, venture_id).await?;
        self.hold(venture);
        Ok(())
    }

    async fn authorize<C: Command>(&mut self) -> Result<(), Error> {
        let denied =
            |roles: &str| Err(Error::Forbidden(format!("{} needs one of the roles {roles}", C::NAME)));
        match (C::RIGHT, &self.request.actor) {
            (Right::Agent, Actor::Agent(_)) => Ok(()),
            (Right::Agent, Actor::Person(_)) => {
                Err(Error::Forbidden(format!("{} is done by agents", C::NAME)))
            }
            (_, Actor::Agent(name)) => Err(Error::Forbidden(format!("agent {name} may not {}", C::NAME))),
            (Right::Anywhere(roles), actor) if roles.iter().any(|r| actor.holds_anywhere(r)) => Ok(()),
            (Right::Anywhere(roles), _) => denied(&roles.join(", ")),
            (Right::Platform(roles), actor) => {
                let held = actor.roles_in(self.portfolio_id()?);
                if held.iter().any(|r| roles.contains(&r.as_str())) {
                    Ok(())
                } else {
                    denied(&roles.join(", "))
                }
            }
            (Right::PlaybookOrAsker, Actor::Person(person)) if self.subject.asker == Some(person.id) => {
                Ok(())
            }
            (Right::Playbook | Right::PlaybookOrAsker, _) => {
                let id = Id::new(self.portfolio().await?.playbook_id);
                let playbook = self.playbook(id).await?;
                let held = self.request.actor.roles_in(self.portfolio_id()?);
                if playbook.holders(C::NAME).any(|role| held.contains(role)) {
                    return Ok(());
                }
                let roles: Vec<_> = playbook.holders(C::NAME).map(Role::as_str).collect();
                denied(&roles.join(", "))
            }
        }
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
        self.write_history(sequence, &actor).await?;
        let (before, after) = states.filter(|(before, after)| before != after).unzip();
        audit::Entity::insert(audit::ActiveModel {
            id: Set(self.app.ids.next()),
            portfolio_id: Set(portfolio_id.map(Id::uuid)),
            command: Set(C::NAME.to_owned()),
            actor: Set(actor),
            at: Set(self.now),
            target: Set(self.target_text()),
            reason: Set(reason_in(command)?),
            before: Set(before),
            after: Set(after),
            request_id: Set(self.request.request_id.clone()),
            trace_id: Set(self.request.trace_id.clone()),
        })
        .exec_without_returning(&self.tx)
        .await?;
        outbox::write(&self.tx, self.app.ids(), self.now, &self.messages).await
    }

    async fn write_history(&self, sequence: i64, actor: &serde_json::Value) -> Result<(), Error> {
        if self.events.is_empty() {
            return Ok(());
        }
        let venture = self.subject.venture.as_ref().map(|held| held.now.id.uuid());
        let portfolio_id = self.portfolio_id()?.uuid();
        let mut rows = Vec::new();
        for (event, number) in self.events.iter().zip(sequence + 1..) {
            rows.push(history::ActiveModel {
                id: Set(self.app.ids.next()),
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
        Ok(())
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

/// Repeated requests.
impl Context<'_> {
    /// The answer given before to the same key, if there is one; refuses another command under it.
    pub(crate) async fn answered<C: Command>(&self, command: &C) -> Result<Option<C::Output>, Error> {
        let Some((person, key)) = self.idempotency() else { return Ok(None) };
        let found = idempotency::Entity::find_by_id((person, key.clone())).one(&self.tx).await?;
        let Some(row) = found else { return Ok(None) };
        if row.command != C::NAME || row.input_hash != hash(command)? {
            return Err(Refusal::new(
                Code::IdempotencyKeyReused,
                "this idempotency key was used before with another input",
            )
            .at("idempotencyKey")
            .into());
        }
        Ok(Some(serde_json::from_value(row.output)?))
    }

    /// Keeps the answer for the caller's key, in the same transaction as the effect.
    pub(crate) async fn remember<C: Command>(&self, command: &C, output: &C::Output) -> Result<(), Error> {
        let Some((person, key)) = self.idempotency() else { return Ok(()) };
        idempotency::Entity::insert(idempotency::ActiveModel {
            person_id: Set(person),
            key: Set(key),
            command: Set(C::NAME.to_owned()),
            input_hash: Set(hash(command)?),
            output: Set(serde_json::to_value(output)?),
            at: Set(self.now),
        })
        .exec_without_returning(&self.tx)
        .await?;
        Ok(())
    }

    fn idempotency(&self) -> Option<(Uuid, String)> {
        let person = self.request.actor.person()?.id.uuid();
        self.request.idempotency_key.clone().map(|key| (person, key))
    }
}

fn hash<C: Command>(command: &C) -> Result<String, Error> {
    Ok(hex::encode(Sha256::digest(serde_json::to_vec(command)?)))
}

/// The reason given in a command's input, where it has one.
fn reason_in<C: Command>(command: &C) -> Result<Option<String>, Error> {
    let input = serde_json::to_value(command)?;
    Ok(input.get("reason").and_then(serde_json::Value::as_str).map(str::to_owned))
}

fn missing(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("the command's target has not {what}"))
}

/// Which database a transaction speaks to.
pub(crate) fn backend(tx: &impl ConnectionTrait) -> sea_orm::DbBackend {
    tx.get_database_backend()
}
