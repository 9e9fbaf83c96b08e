//! Delivery without crashes: duplicates, disorder, retries, parking and replay.

use std::time::Duration;

use app::commands::ReplayDeadLetter;
use bus::Route;
use delivery::{Faults, Settings};
use domain::id::Id;
use entity::outbox;
use rand::seq::SliceRandom;
use sea_orm::EntityTrait;
use testing::{
    database::Kind,
    probe::{self, ProbeEffect, ProbeFailure},
    world::{Transport, World, settings, until},
};
use uuid::Uuid;

/// Every message delivered twice, in any order: the state is that of each delivered once.
async fn twice_and_shuffled(kind: Kind, transport: Transport) {
    let world = World::create(kind, transport).await;
    let mut gates = Vec::new();
    for number in 0..5 {
        let venture = world.venture(&format!("Venture {number}")).await;
        for gate in ["title-validated", "description-validated", "category-assigned"] {
            gates.push(world.validate(venture, gate).await);
        }
    }
    let effect = Uuid::from_u128(rand::random());
    probe::send(&world.app, effect, "probe_effect.v1", &ProbeEffect {}).await;
    let rows = outbox::Entity::find().all(world.app.database().read()).await.unwrap();
    assert_eq!(rows.len(), gates.len() + 1);
    let mut twice: Vec<_> = rows.iter().chain(&rows).collect();
    twice.shuffle(&mut rand::rng());

    let process = world.start(Faults::default()).await;
    let bus = process.bus();
    for row in twice {
        let mut envelope = bus::Envelope::new(row.message_id, row.kind.clone(), row.body.clone());
        envelope.headers = serde_json::from_value(row.headers.clone()).unwrap();
        bus.publish(Route::Kind, &envelope).await.unwrap();
    }
    assert!(until(|| async { world.recorded("probe_settled").await == 1 }).await);
    // A copy that came while the effect was at work waits for the end of the other's lease.
    world.clock.advance(chrono::Duration::hours(1));
    world.settled().await;
    process.drain().await;

    let verdicts = world.verdicts().await;
    for gate in &gates {
        assert_eq!(verdicts[&gate.uuid()], ("SUCCEEDED".to_owned(), Some("PASS".to_owned())));
    }
    assert_eq!(world.recorded("decide_gate").await, gates.len());
    assert_eq!(world.recorded("probe_settled").await, 1);
    assert_eq!(probe::times_worked(effect), 1);
    assert!(world.parked().await.is_empty());
    world.end().await;
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
    probe::send(&world.app, message, "probe_failure.v1", &ProbeFailure { transient: true }).await;
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
    probe::send(&world.app, message, "decide_gate.v1", &serde_json::json!({ "gate_run_id": 7 })).await;
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
