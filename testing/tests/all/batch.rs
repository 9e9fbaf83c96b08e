//! Several commands in one transaction: each has the effect that it has alone, whatever becomes of the others.
//!
//! A batch is what waits when a lane becomes free. So that a test knows what that is, a first message holds the only
//! lane until the others have arrived.
//!
//! To see these fail on a planted mistake, apply `testing/planted/batch_acks_what_failed.patch` or
//! `testing/planted/batch_fails_together.patch` as `crash.rs` says.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, Once},
};

use app::{Actor, Request, messages::inbox::Claim};
use bus::{Bus, Envelope, Queue, Route};
use delivery::{Boundary, Faults, Settings};
use entity::outbox;
use futures_util::FutureExt;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use testing::{
    database::Kind,
    gym::Gym,
    probe::{self, ProbeFailure, ProbeStep},
    world::{PATIENCE, Process, Transport, World, settings, until},
};
use tokio::sync::watch;
use tracing::Instrument;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};
use uuid::Uuid;

/// Gets a copy of every message of the kind, to tell that it has arrived.
const TAP: &str = "tap";

/// A process whose only lane is held.
struct Staged {
    process: Process,
    bus: Bus,
    tap: bus::Consumer,
    lane: watch::Sender<Lane>,
    entered: watch::Receiver<bool>,
    reached: Reached,
}

/// What the process's handlers may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    /// Wait before anything is done.
    Held,
    /// Go on.
    Free,
    /// Go on, and stop for ever at the so-manieth time at this boundary.
    FreeUntil(Boundary, usize),
}

/// The boundaries that were reached since the lane was freed.
type Reached = Arc<Mutex<Vec<Boundary>>>;

fn random() -> Uuid {
    Uuid::from_u128(rand::random())
}

/// Holds a process at its lane, and tells what it reaches from then on.
fn hold(kind: &'static str) -> (Faults, watch::Sender<Lane>, watch::Receiver<bool>, Reached) {
    let (lane, (enter, entered)) = (watch::Sender::new(Lane::Held), watch::channel(false));
    let reached = Reached::default();
    let (told, enter, writes) = (lane.subscribe(), Arc::new(enter), Arc::clone(&reached));
    let faults = Faults::at(move |boundary, who| {
        let (mut told, enter, writes) = (told.clone(), Arc::clone(&enter), Arc::clone(&writes));
        let ours = who == kind;
        async move {
            if !ours {
                return;
            }
            enter.send_replace(true);
            let lane = *told.wait_for(|lane| *lane != Lane::Held).await.expect("a test");
            let times = {
                let mut reached = writes.lock().unwrap();
                reached.push(boundary);
                reached.iter().filter(|at| **at == boundary).count()
            };
            if let Lane::FreeUntil(stop, nth) = lane
                && (stop, nth) == (boundary, times)
            {
                told.wait_for(|lane| *lane == Lane::Held).await.expect("a test");
            }
        }
        .boxed()
    });
    (faults, lane, entered, reached)
}

impl Staged {
    /// Starts a process; the first message of the kind will hold the lane.
    async fn start(world: &World, kind: &'static str) -> Self {
        let bus = world.bus_with(&[Queue::new(TAP, [kind])]);
        let (faults, lane, entered, reached) = hold(kind);
        let paced = Settings { batches: 1, ..settings() };
        let process = world.start_on(bus.clone(), faults, paced).await;
        let tap = bus.consume(TAP, 64);
        Self { process, bus, tap, lane, entered, reached }
    }

    /// Waits until the first message has the lane.
    async fn held(&mut self) {
        self.arrived(1).await;
        let held = tokio::time::timeout(PATIENCE, self.entered.wait_for(|entered| *entered));
        held.await.expect("in time").expect("a process");
    }

    /// Waits until so many messages have arrived at their queue.
    async fn arrived(&mut self, count: usize) {
        for _ in 0..count {
            let copy =
                tokio::time::timeout(PATIENCE, self.tap.next()).await.expect("in time").expect("a copy");
            copy.ack().await.expect("acknowledged");
        }
    }

    /// Lets the first message, and those behind it, go on.
    fn free(&self, lane: Lane) {
        self.lane.send_replace(lane);
    }

    /// Whether messages shared a transaction: several were claimed before one had run.
    fn ran_together(&self) -> bool {
        let reached = self.reached.lock().unwrap();
        reached.windows(2).any(|pair| pair == [Boundary::CommandClaimed, Boundary::CommandClaimed])
    }

    /// Publishes a message by hand, and again and again if it is to come more than once.
    fn publish(&self, id: Uuid, step: &ProbeStep, times: usize) {
        for _ in 0..times {
            let (bus, envelope) = (self.bus.clone(), Envelope::new(id, STEP, json!(step).to_string()));
            tokio::spawn(async move { bus.publish(Route::Kind, &envelope).await });
        }
    }
}

const STEP: &str = "probe_step.v1";
const GATE: &str = "decide_gate.v1";

/// Sends commands of the tests' worker and lets them run together behind a first one.
async fn together(world: &World, steps: &[(Uuid, ProbeStep)]) -> Staged {
    let mut staged = Staged::start(world, STEP).await;
    probe::send(&world.app, random(), &ProbeStep::good(random())).await;
    staged.held().await;
    for (id, step) in steps {
        probe::send(&world.app, *id, step).await;
    }
    staged.arrived(steps.len()).await;
    staged.free(Lane::Free);
    staged
}

async fn recorded(world: &World, key: Uuid) -> usize {
    use delivery::exercise::World;
    Gym::open(&world.app).await.recorded("probe_step", key).await.expect("an answer")
}

async fn a_refused_message_spoils_no_other(world: World) {
    let (first, refused, last) = (random(), random(), random());
    let steps = [
        (random(), ProbeStep::good(first)),
        (refused, ProbeStep::bad(ProbeFailure::Permanent)),
        (random(), ProbeStep::good(last)),
    ];
    let staged = together(&world, &steps).await;
    world.settled().await;
    assert!(until(|| async { !world.parked().await.is_empty() }).await);
    assert!(staged.ran_together());
    staged.process.drain().await;
    let parked: Vec<_> =
        world.parked().await.into_iter().map(|letter| (letter.message_id, letter.attempts)).collect();
    assert_eq!(parked, [(refused, 1)]);
    assert_eq!((recorded(&world, first).await, recorded(&world, last).await), (1, 1));
}

async fn a_message_that_panics_is_retried_alone(world: World) {
    let (first, panics) = (random(), random());
    let steps = [(random(), ProbeStep::good(first)), (panics, ProbeStep::bad(ProbeFailure::Panic))];
    let staged = together(&world, &steps).await;
    let parked = until(|| async {
        world.clock.advance(chrono::Duration::seconds(60));
        !world.parked().await.is_empty()
    });
    assert!(parked.await);
    assert!(staged.ran_together());
    staged.process.drain().await;
    let parked: Vec<_> =
        world.parked().await.into_iter().map(|letter| (letter.message_id, letter.attempts)).collect();
    assert_eq!(parked, [(panics, 8)]);
    assert_eq!(recorded(&world, first).await, 1);
}

async fn a_duplicate_in_a_batch_is_done_once(world: World) {
    let mut staged = Staged::start(&world, STEP).await;
    let keys = [random(), random()];
    staged.publish(random(), &ProbeStep::good(random()), 1);
    staged.held().await;
    for key in keys {
        staged.publish(random(), &ProbeStep::good(key), 3);
    }
    staged.arrived(6).await;
    staged.free(Lane::Free);
    let done = until(|| async { recorded(&world, keys[0]).await > 0 && recorded(&world, keys[1]).await > 0 });
    assert!(done.await);
    assert!(staged.ran_together());
    staged.process.drain().await;
    assert_eq!((recorded(&world, keys[0]).await, recorded(&world, keys[1]).await), (1, 1));
    assert!(world.parked().await.is_empty());
}

async fn one_venture_twice_in_a_batch(world: World) {
    let mut staged = Staged::start(&world, GATE).await;
    let (busy, other) = (world.venture("Twice").await, world.venture("Once").await);
    let mut gates = vec![world.validate(other, "title-validated").await];
    staged.held().await;
    for (venture, gate) in
        [(busy, "title-validated"), (other, "category-assigned"), (busy, "description-validated")]
    {
        gates.push(world.validate(venture, gate).await);
    }
    staged.arrived(3).await;
    staged.free(Lane::Free);
    world.settled().await;
    assert!(staged.ran_together());
    staged.process.drain().await;
    let verdicts = world.verdicts().await;
    for gate in &gates {
        assert_eq!(verdicts[&gate.uuid()], ("SUCCEEDED".to_owned(), Some("PASS".to_owned())));
    }
    for venture in [busy, other] {
        let history = world.history(venture).await;
        let numbers: Vec<_> = history.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=i64::try_from(history.len()).unwrap()).collect::<Vec<_>>(), "{history:?}");
        assert_eq!(
            history.iter().filter(|(_, kind)| kind == "gate_run.decided.v1").count(),
            2,
            "{history:?}"
        );
    }
}

/// A crash at each boundary, for the first, the second and the third message of a batch.
async fn a_crash_inside_a_batch_loses_and_repeats_nothing(world: World) {
    let mut keys = Vec::new();
    for boundary in Boundary::COMMAND {
        for nth in 1..=3 {
            let mut staged = Staged::start(&world, STEP).await;
            probe::send(&world.app, random(), &ProbeStep::good(random())).await;
            staged.held().await;
            // The first message goes alone and reaches each boundary once.
            for _ in 0..3 {
                let key = random();
                probe::send(&world.app, random(), &ProbeStep::good(key)).await;
                keys.push(key);
            }
            staged.arrived(3).await;
            staged.free(Lane::FreeUntil(boundary, 1 + nth));
            let reached = || async {
                staged.reached.lock().unwrap().iter().filter(|at| **at == boundary).count() == 1 + nth
            };
            assert!(until(reached).await, "{boundary:?} was not reached by message {nth} of a batch");
            assert!(staged.ran_together() || boundary == Boundary::CommandReceived || nth == 1);
            staged.process.kill().await;
            // What the killed relay had leased is another's once the lease is over.
            world.clock.advance(chrono::Duration::seconds(31));
            let process = world.start(Faults::default()).await;
            world.settled().await;
            process.drain().await;
        }
    }
    for key in keys {
        assert_eq!(recorded(&world, key).await, 1);
    }
    assert!(world.parked().await.is_empty());
}

/// What one command records does not leak into the next one of the same transaction.
async fn two_commands_in_one_transaction_keep_apart(world: World) {
    let ventures = [world.venture("One").await, world.venture("Two").await];
    let mut commands = Vec::new();
    for venture in ventures {
        let gate_run_id = world.validate(venture, "title-validated").await;
        commands.push(app::commands::DecideGate { gate_run_id });
    }
    let before: Vec<_> =
        [world.history(ventures[0]).await.len(), world.history(ventures[1]).await.len()].into();
    let messages = outbox::Entity::find().count(world.app.database().read()).await.unwrap();
    let requests = ["one", "two"].map(|trace| {
        let agent = Request::by(Actor::Agent("gate-validator".to_owned()));
        Request { trace_id: Some(trace.to_owned()), ..agent }
    });
    let ids = [random(), random()];
    let mut cx = world.app.begin(&requests[0]).await.unwrap();
    assert_eq!(cx.claim_all("gate-validator", &[ids[0], ids[1], ids[0]]).await.unwrap().len(), 2);
    let targets: Vec<_> = commands.iter().map(app::Command::target).collect();
    cx.lock_targets(&targets).await.unwrap();
    for (request, command) in requests.iter().zip(&commands) {
        cx.set_request(request);
        cx.perform(command).await.unwrap();
    }
    cx.commit().await.unwrap();
    for (number, trace) in [(0, "one"), (1, "two")] {
        let history = world.history(ventures[number]).await;
        assert_eq!(history.len(), before[number] + 1, "{history:?}");
        assert_eq!(world.traces(ventures[number]).await.last().unwrap().as_deref(), Some(trace));
    }
    // No endpoint listens: a decision sends nothing.
    assert_eq!(outbox::Entity::find().count(world.app.database().read()).await.unwrap(), messages);
    let again = world.app.begin(&requests[0]).await.unwrap();
    assert!(again.claim_all("gate-validator", &ids).await.unwrap().is_empty());
    assert_eq!(again.claim("gate-validator", ids[1]).await.unwrap(), Claim::Done);
}

/// What a message causes belongs to the trace that the message came from, whoever shares its transaction.
async fn each_message_of_a_batch_keeps_its_trace(world: World) {
    trace_everything();
    let mut staged = Staged::start(&world, GATE).await;
    let ventures =
        [world.venture("First").await, world.venture("Second").await, world.venture("Third").await];
    for (number, venture) in ventures.into_iter().enumerate() {
        // Each request is the root of a trace of its own.
        let asking = tracing::info_span!(parent: None, "ask", number);
        world.validate(venture, "title-validated").instrument(asking).await;
        if number == 0 {
            staged.held().await;
        }
    }
    staged.arrived(2).await;
    staged.free(Lane::Free);
    world.settled().await;
    assert!(staged.ran_together());
    staged.process.drain().await;
    let mut traces = BTreeSet::new();
    for venture in ventures {
        let history = world.history(venture).await;
        let kinds: Vec<_> = history.iter().map(|(_, kind)| kind.as_str()).rev().take(2).collect();
        assert_eq!(kinds, ["gate_run.decided.v1", "gate_run.requested.v1"]);
        let of_events = world.traces(venture).await;
        let [.., requested, decided] = of_events.as_slice() else { panic!("{of_events:?}") };
        assert!(requested.is_some());
        assert_eq!(requested, decided, "the decision belongs to the trace of the request");
        traces.extend(requested.clone());
    }
    assert_eq!(traces.len(), ventures.len());
}

/// Gives every span of this process a trace, as an exporter would.
fn trace_everything() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let tracer = SdkTracerProvider::builder().build().tracer("test");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let ours =
            Targets::new().with_targets(["all", "app", "delivery"].map(|name| (name, LevelFilter::INFO)));
        tracing_subscriber::registry().with(layer.with_filter(ours)).init();
    });
}

/// Over RabbitMQ which messages share a transaction depends on when they come; their effects do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_over_rabbitmq_with_failures_in_it() {
    let world = World::create(Kind::Postgres, Transport::Amqp).await;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let (id, key) = (random(), random());
        if number % 7 == 3 {
            probe::send(&world.app, id, &ProbeStep::bad(ProbeFailure::Permanent)).await;
            bad.push(id);
        } else {
            probe::send(&world.app, id, &ProbeStep::good(key)).await;
            good.push(key);
        }
    }
    let process = world.start(Faults::default()).await;
    assert!(until(|| async { world.parked().await.len() == bad.len() }).await);
    world.settled().await;
    process.drain().await;
    for key in good {
        assert_eq!(recorded(&world, key).await, 1);
    }
    let mut parked: Vec<_> = world.parked().await.into_iter().map(|letter| letter.message_id).collect();
    parked.sort();
    bad.sort();
    assert_eq!(parked, bad);
    world.end().await;
}

on_both! {
    a_refused_message_spoils_no_other
    a_message_that_panics_is_retried_alone
    a_duplicate_in_a_batch_is_done_once
    one_venture_twice_in_a_batch
    a_crash_inside_a_batch_loses_and_repeats_nothing
    each_message_of_a_batch_keeps_its_trace
    two_commands_in_one_transaction_keep_apart
}
