//! A worker of the tests: one effect and one sweep whose doings can be counted, so that every kind of
//! handler is there to be crashed even where the system has none of its kind.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use app::{
    App, Command, Context, Error, Right, Target,
    messages::{
        Message,
        outbox::{self, Draft},
    },
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use delivery::{Effect, Handler, Next, Sweep, WorkError, Worker, Working};
use serde::{Deserialize, Serialize};
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
    Worker {
        queue: QUEUE,
        handlers: vec![Handler::effect::<ProbeEffect>(()), Handler::command::<ProbeFailure>()],
        sweeps: vec![Arc::new(ProbeSweep)],
    }
}

/// Its kinds of message.
pub fn kinds() -> [&'static str; 2] {
    ["probe_effect.v1", "probe_failure.v1"]
}

/// Work in the world that always succeeds.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeEffect {}

impl Message for ProbeEffect {
    const NAME: &'static str = "probe_effect";
}

#[async_trait]
impl Effect for ProbeEffect {
    const TIMEOUT: Duration = Duration::from_secs(5);
    type Tools = ();
    type Outcome = ProbeSettled;

    async fn work(&self, working: Working<'_, ()>) -> Result<Option<ProbeSettled>, WorkError> {
        *WORLD.lock().unwrap().entry(working.idempotency_key).or_default() += 1;
        Ok(Some(ProbeSettled { key: working.idempotency_key }))
    }
}

/// What is recorded of the work; its audit row is the effect that is counted.
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
        Target::Platform
    }

    async fn run(&self, _cx: &mut Context<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// A command that can only fail.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeFailure {
    /// Whether trying again could help.
    pub transient: bool,
}

#[async_trait]
impl Command for ProbeFailure {
    const NAME: &'static str = "probe_failure";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::Platform
    }

    async fn run(&self, _cx: &mut Context<'_>) -> Result<(), Error> {
        if self.transient { Err(Error::NotFound) } else { Err(Error::Forbidden("never".to_owned())) }
    }
}

/// A timer that counts down to nothing: settled once, then over.
pub struct ProbeSweep;

/// What is recorded of a settled timer.
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
        Target::Platform
    }

    async fn run(&self, _cx: &mut Context<'_>) -> Result<(), Error> {
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

/// Writes a message for the tests' worker, of the demo portfolio.
pub async fn send(app: &App, message_id: Uuid, kind: &str, body: &impl Serialize) {
    let draft = Draft {
        message_id,
        kind: kind.to_owned(),
        queue: None,
        body: serde_json::to_string(body).unwrap(),
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
