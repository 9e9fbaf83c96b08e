//! A worker of the tests: handlers whose doings can be counted and whose commands fail when they are told to.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use app::{
    App, Command, Context, Error, Right, Target,
    messages::{
        Declaration, Message,
        outbox::{self, Draft},
    },
};
use async_trait::async_trait;
use bus::Queue;
use chrono::{DateTime, Utc};
use delivery::{
    CommandHandler, Effect, Handler, Next, Sweep, WorkError, Worker, Working,
    exercise::{Exercised, Progress, Work, World},
};
use entity::dead_letter;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The queue of the tests' worker.
pub const QUEUE: &str = "probe";

/// The outside world: how often each key was seen. Work under a key seen before changes nothing in it.
static WORLD: LazyLock<Mutex<HashMap<Uuid, u32>>> = LazyLock::new(Mutex::default);

/// How often the world was told to do the work of a message.
pub fn times_worked(message: Uuid) -> u32 {
    WORLD.lock().unwrap().get(&message).copied().unwrap_or(0)
}

/// The worker.
pub fn worker() -> Worker {
    let worker = Worker::new(QUEUE)
        .with_handler(Handler::effect::<ProbeWork>(()))
        .and_then(|worker| worker.with_handler(Handler::command::<ProbeSteps>()));
    worker.expect("handlers of its queue").with_sweep(ProbeSweep)
}

/// Its queue, beside those of the system.
pub fn queue() -> Queue {
    Queue::new(QUEUE, [Declaration::of::<ProbeEffect>().kind(), Declaration::of::<ProbeStep>().kind()])
}

/// Asks for work in the world that always succeeds.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeEffect {}

impl Message for ProbeEffect {
    const NAME: &'static str = "probe_effect";
    const QUEUE: &'static str = QUEUE;
}

/// Does that work.
struct ProbeWork;

#[async_trait]
impl Effect for ProbeWork {
    type Message = ProbeEffect;
    const TIMEOUT: Duration = Duration::from_secs(5);
    type Tools = ();
    type Outcome = ProbeSettled;

    async fn work(_: &ProbeEffect, working: Working<'_, ()>) -> Result<Option<ProbeSettled>, WorkError> {
        *WORLD.lock().unwrap().entry(working.idempotency_key).or_default() += 1;
        Ok(Some(ProbeSettled { key: working.idempotency_key }))
    }
}

/// What is recorded of the work: an audit row with its key.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeSettled {
    /// Key of the work.
    pub key: Uuid,
}

#[async_trait]
impl Command for ProbeSettled {
    const NAME: &'static str = "probe_settled";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.changed(None, Some(json!(self.key)));
        Ok(())
    }
}

/// A command that leaves an audit row with its key, or fails.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeStep {
    /// The key.
    pub key: Uuid,
    /// How it fails; none: it succeeds.
    pub failure: Option<ProbeFailure>,
}

/// How a command fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeFailure {
    /// It may go better later.
    Transient,
    /// It will never go better.
    Permanent,
    /// Its code has a bug.
    Panic,
}

impl ProbeStep {
    /// One that succeeds.
    pub fn good(key: Uuid) -> Self {
        Self { key, failure: None }
    }

    /// One that fails.
    pub fn bad(failure: ProbeFailure) -> Self {
        Self { key: Uuid::nil(), failure: Some(failure) }
    }
}

impl Message for ProbeStep {
    const NAME: &'static str = <Self as Command>::NAME;
    const QUEUE: &'static str = QUEUE;
}

#[async_trait]
impl Command for ProbeStep {
    const NAME: &'static str = "probe_step";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.changed(None, Some(json!(self.key)));
        match self.failure {
            None => Ok(()),
            Some(ProbeFailure::Transient) => Err(Error::NotFound),
            Some(ProbeFailure::Permanent) => Err(Error::Forbidden("never".to_owned())),
            Some(ProbeFailure::Panic) => panic!("as it was told to"),
        }
    }
}

/// Runs such commands, many in one transaction.
struct ProbeSteps;

impl CommandHandler for ProbeSteps {
    type Command = ProbeStep;
    const BATCHED: bool = true;
}

/// A timer that is settled once, then over.
struct ProbeSweep;

/// What is recorded of a settled timer: an audit row with its key.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeSwept {
    /// The timer's key.
    pub key: Uuid,
}

#[async_trait]
impl Command for ProbeSwept {
    const NAME: &'static str = "probe_swept";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.changed(None, Some(json!(self.key)));
        Ok(())
    }
}

#[async_trait]
impl Sweep for ProbeSweep {
    fn name(&self) -> &'static str {
        "probe_sweep"
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        cx.perform(&ProbeSwept { key }).await?;
        Ok(Next::Never)
    }
}

/// What an exercise of the tests' worker gave: keys that a command leaves in the audit, and messages that are parked.
struct Given {
    command: &'static str,
    keys: Vec<Uuid>,
    parked: Vec<Uuid>,
}

#[async_trait]
impl Work for Given {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let mut progress = Progress::Done;
        for key in &self.keys {
            let recorded = world.recorded(self.command, *key).await?;
            progress = progress.and(Progress::count(self.command, recorded, 1));
        }
        for message in &self.parked {
            let letters = dead_letter::Entity::find().filter(dead_letter::Column::MessageId.eq(*message));
            let letters = letters.count(world.app().database().read()).await?;
            progress = progress.and(Progress::count("dead letters", usize::try_from(letters).unwrap(), 1));
        }
        Ok(progress)
    }
}

fn random() -> Uuid {
    Uuid::from_u128(rand::random())
}

#[async_trait]
impl Exercised for ProbeWork {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let keys = vec![random(), random()];
        for key in &keys {
            send(world.app(), *key, &ProbeEffect {}).await;
        }
        Ok(Box::new(Given { command: "probe_settled", keys, parked: Vec::new() }))
    }
}

#[async_trait]
impl Exercised for ProbeSteps {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let (keys, bad) = (vec![random(), random()], random());
        for key in &keys {
            send(world.app(), random(), &ProbeStep::good(*key)).await;
        }
        send(world.app(), bad, &ProbeStep::bad(ProbeFailure::Permanent)).await;
        Ok(Box::new(Given { command: <ProbeStep as Command>::NAME, keys, parked: vec![bad] }))
    }
}

#[async_trait]
impl Exercised for ProbeSweep {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let keys = vec![random(), random()];
        for key in &keys {
            set_timer(world.app(), *key, world.app().clock().now()).await;
        }
        Ok(Box::new(Given { command: ProbeSwept::NAME, keys, parked: Vec::new() }))
    }
}

/// Writes a message, of the demo portfolio.
pub async fn send<M: Message>(app: &App, message_id: Uuid, message: &M) {
    send_raw(app, message_id, &Declaration::of::<M>().kind(), &json!(message)).await;
}

/// Writes a message of any kind and body, of the demo portfolio.
pub async fn send_raw(app: &App, message_id: Uuid, kind: &str, body: &serde_json::Value) {
    let draft = Draft {
        message_id,
        kind: kind.to_owned(),
        queue: None,
        body: body.to_string(),
        headers: std::collections::BTreeMap::from([(outbox::PORTFOLIO_HEADER.to_owned(), demo(app).await)]),
        attempt: 0,
        available_at: None,
    };
    outbox::enqueue(app, draft).await.expect("the outbox");
}

/// Sets a timer for the tests' sweep.
pub async fn set_timer(app: &App, key: Uuid, at: DateTime<Utc>) {
    app::messages::due::ensure(app, "probe_sweep", key, at).await.expect("the timer");
}

async fn demo(app: &App) -> String {
    let all = app::query::portfolio_ids(app, &app::Scope::All).await.expect("portfolios");
    all.into_iter().find(|(slug, _)| slug == app::seed::SLUG).expect("the demo").1.to_string()
}

#[cfg(test)]
mod tests {
    use delivery::RegistrationError;

    use super::{Handler, ProbeSteps, QUEUE, Worker};

    #[test]
    fn a_handler_of_another_queue_is_refused() {
        let refused = Worker::new("notifier").with_handler(Handler::command::<ProbeSteps>()).unwrap_err();
        let (worker, kind, queue) = ("notifier", "probe_step.v1".to_owned(), QUEUE);
        assert_eq!(refused, RegistrationError::OtherQueue { worker, kind, queue });
    }

    #[test]
    fn a_second_handler_of_a_message_is_refused() {
        let worker = Worker::new(QUEUE).with_handler(Handler::command::<ProbeSteps>()).unwrap();
        let refused = worker.with_handler(Handler::command::<ProbeSteps>()).unwrap_err();
        assert_eq!(refused, RegistrationError::Twice { worker: QUEUE, kind: "probe_step.v1".to_owned() });
    }
}
