//! Worlds: the system on a database and a transport of its own, its clock in the test's hand.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};

use app::{
    Actor, App, Request,
    clock::{Clock, SystemIds},
    commands::{
        CreateVenture, CreateWebhookEndpoint, CreateWebhookSource, EndpointSecret, KeepWebhookEvent,
        RequestGateValidation,
    },
    messages::outbox,
    playbook, query,
    secret::Keyring,
    seed, token,
    webhook_source::acting::RECEIVER,
};
use bus::{AmqpOptions, Bus, Queue};
use delivery::{Faults, Node, Running, Worker};
use domain::{
    Role,
    gate::Verdict,
    id::{Id, kind},
    venture::Venture,
    webhook::Settings,
    webhook_source::EventStatus,
};
use entity::{Name, audit, dead_letter, gate_run, history, webhook_event};
use outbound::Client;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clock::TestClock,
    database::{Kind, TestDatabase},
    probe,
    servers::AMQP_URL,
};

/// The longest a test waits for something that is to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How messages travel in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Within the process.
    InProcess,
    /// Over RabbitMQ.
    Amqp,
}

/// The system, with the demo portfolio in it.
pub struct World {
    /// The application of the test itself.
    pub app: App,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// A token for each role of the demo portfolio.
    pub tokens: HashMap<String, String>,
    transport: Transport,
    namespace: String,
    keyring: Keyring,
    database: TestDatabase,
}

impl World {
    /// A world on a database of the given kind.
    pub async fn create(kind: Kind, transport: Transport) -> Self {
        let database = TestDatabase::create(kind).await;
        let clock = Arc::new(TestClock::default());
        let keyring = Keyring::parse([Keyring::generate().as_str()]).expect("a key");
        let app = App::with(database.open().await, clock.clone(), Arc::new(SystemIds));
        let app = app.with_keyring(keyring.clone());
        playbook::import(&app, playbook_files()).await.expect("the built-in playbook");
        let tokens = seed::demo(&app).await.expect("the demo").expect("made just now");
        let tokens = tokens.into_iter().map(|(role, token)| (role.to_string(), token)).collect();
        let namespace = format!("test-{}", Uuid::from_u128(rand::random()).simple());
        Self { app, clock, tokens, transport, namespace, keyring, database }
    }

    /// A bus of this world; over RabbitMQ all of them meet, in process each is its own.
    pub fn bus(&self) -> Bus {
        self.bus_with(&[])
    }

    /// The same with more queues in it.
    pub fn bus_with(&self, queues: &[Queue]) -> Bus {
        let mut topology = delivery::topology(&self.namespace);
        topology.queues.push(probe::queue());
        topology.queues.extend_from_slice(queues);
        match self.transport {
            Transport::InProcess => Bus::in_process(topology),
            Transport::Amqp => Bus::amqp(AmqpOptions::new(amqp_url()), topology),
        }
    }

    /// An application of its own on the same database, as another process would have.
    pub async fn another_app(&self) -> App {
        let app = App::with(self.database.open().await, self.clock.clone(), Arc::new(SystemIds));
        app.with_keyring(self.keyring.clone())
    }

    /// A process with every worker in it, and the tests' own.
    pub async fn start(&self, faults: Faults) -> Process {
        self.start_paced(faults, settings()).await
    }

    /// The same, paced otherwise.
    pub async fn start_paced(&self, faults: Faults, settings: delivery::Settings) -> Process {
        self.start_on(self.bus(), faults, settings).await
    }

    /// The same, on a bus of this world.
    pub async fn start_on(&self, bus: Bus, faults: Faults, settings: delivery::Settings) -> Process {
        let app = self.another_app().await;
        if self.transport == Transport::InProcess {
            outbox::end_leases(&app).await.expect("leases ended");
        }
        let mut ready = bus.changes();
        tokio::time::timeout(PATIENCE, ready.wait_for(|ready| *ready))
            .await
            .expect("the broker")
            .expect("a bus");
        let running = Node::new(app.clone(), bus.clone())
            .with_settings(settings)
            .with_faults(faults)
            .with_workers(all_workers())
            .start();
        Process { app, bus, running }
    }

    /// The person who holds a role of the demo portfolio.
    pub async fn actor(&self, role: &str) -> Actor {
        token::authenticate(&self.app, &self.tokens[role]).await.expect("tokens").expect("a known token")
    }

    /// A request by that person.
    pub async fn request(&self, role: &str) -> Request {
        Request::by(self.actor(role).await)
    }

    /// The demo portfolio.
    pub async fn portfolio(&self) -> Id<kind::Portfolio> {
        let all = query::portfolio_ids(&self.app, &app::Scope::All).await.expect("portfolios");
        all.into_iter().find(|(slug, _)| slug == seed::SLUG).expect("the demo").1
    }

    /// A new venture at stage 1, its category set.
    pub async fn venture(&self, name: &str) -> Id<Venture> {
        let command = CreateVenture {
            portfolio_id: self.portfolio().await,
            name: name.to_owned(),
            description: "A venture made by a test, to be led through its gates.".to_owned(),
            category: Some("tests".to_owned()),
            zone: None,
            currency: None,
        };
        self.app.execute(&self.request("CHAIRMAN").await, &command).await.expect("a venture")
    }

    /// Has the demo portfolio's events told to an address: those of the types, or all.
    pub async fn listen(&self, url: &str, event_types: Option<&[&str]>) -> EndpointSecret {
        let event_types = event_types.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let settings = Settings { url: url.to_owned(), description: None, event_types };
        let command = CreateWebhookEndpoint { portfolio_id: self.portfolio().await, settings };
        self.app.execute(&self.request("ADMIN").await, &command).await.expect("an endpoint")
    }

    /// Asks for a gate to be validated.
    pub async fn validate(&self, venture_id: Id<Venture>, gate: &str) -> Id<kind::GateRun> {
        let command =
            RequestGateValidation { root: venture_id.into(), expected_version: None, gate: gate.to_owned() };
        self.app.execute(&self.request("CHAIRMAN").await, &command).await.expect("a gate run")
    }

    /// A new webhook source of the demo portfolio, with roles.
    pub async fn source(&self, roles: &[&str]) -> Id<kind::WebhookSource> {
        let command = CreateWebhookSource {
            portfolio_id: self.portfolio().await,
            name: "Integration".to_owned(),
            description: None,
            roles: roles.iter().map(ToString::to_string).collect(),
        };
        let made = self.app.execute(&self.request("ADMIN").await, &command).await.expect("a source");
        made.webhook_source_id
    }

    /// Keeps an event of a source, as the gateway does once its signature was found good.
    pub async fn keep(
        &self,
        source: Id<kind::WebhookSource>,
        webhook_id: &str,
        event_type: &str,
        data: Value,
    ) -> Id<kind::WebhookEvent> {
        let now = self.app.clock().now();
        let command = KeepWebhookEvent {
            webhook_source_id: source,
            webhook_id: webhook_id.to_owned(),
            event_type: event_type.to_owned(),
            occurred_at: Some(now),
            content_type: "application/json".to_owned(),
            headers: BTreeMap::new(),
            body: json!({ "type": event_type, "timestamp": now, "data": data }).to_string(),
        };
        let receiver = Request::by(Actor::Agent(RECEIVER.to_owned()));
        self.app.execute(&receiver, &command).await.expect("an event kept").webhook_event_id
    }

    /// What became of a webhook event.
    pub async fn became_of(&self, event: Id<kind::WebhookEvent>) -> EventStatus {
        let row = webhook_event::Entity::find_by_id(event.uuid()).one(self.app.database().read()).await;
        *row.expect("events").expect("the event").status
    }

    /// Waits until nothing is under way: no message in the outbox, no gate run queued, no webhook event waiting.
    /// Fails after [`PATIENCE`] with what is left.
    pub async fn settled(&self) {
        let waited = until(|| async { self.is_settled().await }).await;
        assert!(waited, "still under way: {:?}", self.left().await);
    }

    /// Whether nothing is under way.
    pub async fn is_settled(&self) -> bool {
        self.left().await.is_empty()
    }

    /// What is under way, and how much of it.
    pub async fn left(&self) -> BTreeMap<&'static str, u64> {
        use sea_orm::PaginatorTrait;
        let db = self.app.database().read();
        let queued = gate_run::Entity::find().filter(gate_run::Column::Status.eq("QUEUED"));
        let received = webhook_event::Entity::find().filter(webhook_event::Column::Status.eq("RECEIVED"));
        let counts = [
            ("outbox", outbox::count(&self.app).await.expect("a count")),
            ("queued gate runs", queued.count(db).await.expect("a count")),
            ("webhook events", received.count(db).await.expect("a count")),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Everything recorded of gate runs, in a form that does not depend on ids and times.
    pub async fn verdicts(&self) -> BTreeMap<Uuid, (String, Option<String>)> {
        let rows = gate_run::Entity::find().all(self.app.database().read()).await.expect("gate runs");
        let text = |verdict: Name<Verdict>| verdict.as_str().to_owned();
        rows.into_iter()
            .map(|row| (row.id, (row.status.as_str().to_owned(), row.verdict.map(text))))
            .collect()
    }

    /// A venture's history: sequence and kind.
    pub async fn history(&self, venture: Id<Venture>) -> Vec<(i64, String)> {
        let rows = history::Entity::find()
            .filter(history::Column::RootId.eq(venture.uuid()))
            .order_by_asc(history::Column::Sequence)
            .all(self.app.database().read())
            .await
            .expect("history");
        rows.into_iter().map(|row| (row.sequence, row.kind)).collect()
    }

    /// The trace of each event of a venture's history.
    pub async fn traces(&self, venture: Id<Venture>) -> Vec<Option<String>> {
        let rows = history::Entity::find()
            .filter(history::Column::RootId.eq(venture.uuid()))
            .order_by_asc(history::Column::Sequence);
        let rows = rows.all(self.app.database().read()).await.expect("history");
        rows.into_iter().map(|row| row.trace_id).collect()
    }

    /// How often a command was recorded.
    pub async fn recorded(&self, command: &str) -> usize {
        use sea_orm::PaginatorTrait;
        let db = self.app.database().read();
        let told = history::Entity::find().filter(history::Column::Command.eq(command)).count(db).await;
        let audited = audit::Entity::find().filter(audit::Column::Command.eq(command)).count(db).await;
        usize::try_from(told.expect("history") + audited.expect("audit")).expect("a count")
    }

    /// Parked messages that were not replayed.
    pub async fn parked(&self) -> Vec<dead_letter::Model> {
        let rows = dead_letter::Entity::find().filter(dead_letter::Column::ReplayedAt.is_null());
        rows.all(self.app.database().read()).await.expect("dead letters")
    }

    /// Removes what the world left on the broker.
    pub async fn end(self) {
        self.end_with(&[]).await;
    }

    /// The same, with more queues.
    pub async fn end_with(self, queues: &[&str]) {
        if self.transport == Transport::Amqp {
            sweep_broker_with(&self.namespace, queues).await;
        }
    }
}

/// Removes the queues and exchanges of a namespace.
pub async fn sweep_broker(namespace: &str) {
    sweep_broker_with(namespace, &[]).await;
}

async fn sweep_broker_with(namespace: &str, queues: &[&str]) {
    let mut topology = delivery::topology(namespace);
    topology.queues.push(probe::queue());
    topology.queues.extend(queues.iter().map(|queue| Queue::new(*queue, Vec::<String>::new())));
    let bus = Bus::amqp(AmqpOptions::new(amqp_url()), topology);
    let mut ready = bus.changes();
    tokio::time::timeout(PATIENCE, ready.wait_for(|ready| *ready)).await.expect("the broker").expect("a bus");
    bus.delete_topology().await.expect("queues deleted");
}

/// One process of a world.
pub struct Process {
    /// Its application.
    pub app: App,
    bus: Bus,
    running: Running,
}

impl Process {
    /// Its bus.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Ends it as a kill would.
    pub async fn kill(self) {
        self.running.kill().await;
        self.app.database().close().await.expect("closed");
    }

    /// Ends it as SIGTERM would.
    pub async fn drain(self) {
        self.running.drain(Duration::from_secs(20)).await;
        self.app.database().close().await.expect("closed");
    }
}

/// Every worker of the system, calling this machine alone.
pub fn workers() -> Vec<Worker> {
    worker::all(&Client::new(&outbound()).expect("a client")).unwrap_or_else(|error| panic!("{error}"))
}

/// The same, and the tests' own.
pub fn all_workers() -> Vec<Worker> {
    workers().into_iter().chain([probe::worker()]).collect()
}

/// What a test's receiver needs: plain HTTP, and this machine.
pub fn outbound() -> outbound::Settings {
    outbound::Settings {
        outbound_allow: vec!["127.0.0.0/8".parse().expect("a network")],
        outbound_http: true,
        ..outbound::Settings::default()
    }
}

/// Quick enough for tests, where the clock in hand stands still.
pub fn settings() -> delivery::Settings {
    delivery::Settings {
        poll: Duration::from_millis(20),
        lease: Duration::from_secs(30),
        retry_first: Duration::from_secs(1),
        ..delivery::Settings::default()
    }
}

/// Asks again and again until the answer is yes; false after [`PATIENCE`].
pub async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) -> bool {
    let asked = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.is_ok()
}

/// Where RabbitMQ is.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where the servers are")]
pub fn amqp_url() -> String {
    std::env::var(AMQP_URL)
        .unwrap_or_else(|_| panic!("{AMQP_URL} is not set: run `cargo verify`, which brings its own servers"))
}

/// The built-in playbook's files.
pub fn playbook_files() -> BTreeMap<String, String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../playbook"));
    let stages = std::fs::read_dir(root.join("stages")).expect("stages").map(|entry| entry.unwrap().path());
    let files = stages.chain([root.join("playbook.yaml")]);
    files
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// A role by name.
pub fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

/// What the clock in hand says, for comparing.
pub fn now(world: &World) -> chrono::DateTime<chrono::Utc> {
    world.clock.now()
}
