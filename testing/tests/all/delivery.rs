//! Delivery without crashes: duplicates, disorder, retries, parking and replay.

use std::{collections::HashSet, time::Duration};

use app::commands::ReplayDeadLetter;
use bus::{Bus, Queue, Route};
use delivery::{Faults, Settings, Worker};
use domain::id::Id;
use rand::seq::SliceRandom;
use serde_json::json;
use testing::{
    database::Kind,
    gym::{Gym, exercises},
    probe::{self, ProbeFailure, ProbeStep},
    world::{Transport, World, all_workers, settings, until},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Gets a copy of every message, so that each can be published again.
const TAP: &str = "tap";

/// How many messages may be held back and shuffled.
const HELD_BACK: usize = 8;

/// Publishes every message that the system publishes a second time, out of order, until told to stop.
async fn publish_again(bus: Bus, stop: CancellationToken) -> usize {
    let mut consumer = bus.consume(TAP, 64);
    let (mut seen, mut held) = (HashSet::new(), Vec::new());
    let mut publishing = JoinSet::new();
    loop {
        let delivery = tokio::select! {
            () = stop.cancelled() => break,
            // When no message comes any more, what is held back is all there is.
            delivery = consumer.next(), if held.len() < HELD_BACK => delivery.expect("a copy"),
            () = tokio::time::sleep(Duration::from_millis(20)), if !held.is_empty() => {
                held.shuffle(&mut rand::rng());
                for envelope in held.drain(..) {
                    let bus = bus.clone();
                    publishing.spawn(async move { bus.publish(Route::Kind, &envelope).await });
                }
                continue;
            }
        };
        // The second copy comes by here as well.
        if seen.insert((delivery.envelope().id, delivery.envelope().attempt)) {
            held.push(delivery.envelope().clone());
        }
        delivery.ack().await.expect("acknowledged");
    }
    publishing.abort_all();
    seen.len()
}

/// Every message delivered twice, in any order: the state is that of each delivered once. The work is that of every
/// handler's exercise.
async fn twice_and_shuffled(kind: Kind, transport: Transport) {
    let world = World::create(kind, transport).await;
    let gym = Gym::open(&world.app).await;
    let workers = all_workers();
    let kinds: Vec<String> = workers.iter().flat_map(Worker::kinds).map(str::to_owned).collect();
    let mut given = Vec::new();
    for exercise in exercises(&workers) {
        given.push(gym.give(&exercise).await);
    }
    let bus = world.bus_with(&[Queue::new(TAP, kinds.clone())]);
    let stop = CancellationToken::new();
    let process = world.start_on(bus.clone(), Faults::default(), settings()).await;
    let again = tokio::spawn(publish_again(bus, stop.clone()));
    let done = until(|| async {
        // A copy that came while the effect was at work waits for the end of the other's lease.
        world.clock.advance(chrono::Duration::seconds(5));
        gym.missing(&given).await.expect("an answer").is_empty() && world.is_settled().await
    });
    assert!(done.await, "{:?}", gym.missing(&given).await);
    stop.cancel();
    assert!(again.await.expect("copies") >= kinds.len(), "each kind was published again");
    process.drain().await;

    assert_eq!(gym.missing(&given).await.expect("an answer"), Vec::<String>::new());
    let parked = world.parked().await;
    assert!(parked.iter().all(|letter| letter.kind == "probe_step.v1"), "{parked:?}");
    world.end_with(&[TAP]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twice_and_shuffled_in_process() {
    twice_and_shuffled(Kind::Sqlite, Transport::InProcess).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twice_and_shuffled_over_rabbitmq() {
    twice_and_shuffled(Kind::Postgres, Transport::Amqp).await;
}

/// A message that fails is tried as often as the settings say, then parked, listed and replayed.
async fn retried_parked_and_replayed(kind: Kind, transport: Transport) {
    let world = World::create(kind, transport).await;
    let message = Uuid::from_u128(rand::random());
    probe::send(&world.app, message, &ProbeStep::bad(ProbeFailure::Transient)).await;
    let paced = Settings { attempts: 3, ..settings() };
    let process = world.start_paced(Faults::default(), paced).await;
    let parked = until(|| async {
        world.clock.advance(chrono::Duration::milliseconds(500));
        !world.parked().await.is_empty()
    });
    assert!(parked.await);
    let letters = world.parked().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].message_id, letters[0].attempts), (message, 3));
    assert_eq!(letters[0].queue, probe::QUEUE);

    let replay = ReplayDeadLetter { dead_letter_id: Id::new(letters[0].id) };
    let refused = world.app.execute(&world.request("LEAD").await, &replay).await;
    assert!(matches!(refused, Err(app::Error::Forbidden(_))), "{refused:?}");
    world.app.execute(&world.request("OPERATOR").await, &replay).await.unwrap();
    let parked_again = until(|| async {
        world.clock.advance(chrono::Duration::milliseconds(500));
        world.parked().await.iter().any(|letter| letter.id != letters[0].id)
    });
    assert!(parked_again.await, "the replayed message fails, and is parked, again");
    process.drain().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retried_parked_and_replayed_in_process() {
    retried_parked_and_replayed(Kind::Sqlite, Transport::InProcess).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retried_parked_and_replayed_over_rabbitmq() {
    retried_parked_and_replayed(Kind::Postgres, Transport::Amqp).await;
}

/// A message that nothing handles is parked at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_its_kind_is_parked() {
    let world = World::create(Kind::Sqlite, Transport::InProcess).await;
    let message = Uuid::from_u128(rand::random());
    probe::send_raw(&world.app, message, "decide_gate.v1", &json!({ "gate_run_id": 7 })).await;
    let process = world.start(Faults::default()).await;
    assert!(until(|| async { !world.parked().await.is_empty() }).await);
    let letters = world.parked().await;
    assert_eq!((letters[0].message_id, letters[0].attempts), (message, 1));
    assert!(letters[0].reason.contains("the body is not what its kind says"), "{}", letters[0].reason);
    process.drain().await;
}

/// A drained process has finished what it held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_leaves_nothing_half_done() {
    let world = World::create(Kind::Postgres, Transport::Amqp).await;
    let venture = world.venture("Drained").await;
    let mut gates = Vec::new();
    for _ in 0..30 {
        gates.push(world.validate(venture, "title-validated").await);
    }
    let process = world.start(Faults::default()).await;
    assert!(until(|| async { world.recorded("decide_gate").await > 0 }).await);
    process.drain().await;
    let verdicts = world.verdicts().await;
    let decided = gates.iter().filter(|gate| verdicts[&gate.uuid()].0 == "SUCCEEDED").count();
    assert_eq!(world.recorded("decide_gate").await, decided);
    let process = world.start(Faults::default()).await;
    world.settled().await;
    tokio::time::timeout(Duration::from_secs(30), process.drain()).await.expect("drained in time");
    assert_eq!(world.recorded("decide_gate").await, gates.len());
    world.end().await;
}
