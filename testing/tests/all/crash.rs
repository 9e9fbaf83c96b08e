//! A crash of every handler at every boundary, and of the relay at each of its own, on both transports: whatever was
//! asked for is done once, and nothing is left behind.
//!
//! The work is that of the handlers' own exercises, so a handler is crashed here by being registered.
//!
//! To see these fail on a planted mistake:
//! `git apply testing/planted/ack_before_commit.patch && cargo verify -E 'test(crash)'; git apply -R testing/planted/ack_before_commit.patch`
//! and the same with `inbox_outside_transaction.patch`.

use std::{sync::Arc, time::Duration};

use delivery::{Boundary, Faults, exercise::Exercise};
use futures_util::FutureExt;
use testing::{
    database::Kind,
    gym::{Given, Gym, exercises},
    world::{PATIENCE, Transport, World, all_workers, until},
};
use tokio::sync::Notify;

/// Stops a process when `who` reaches `boundary`, and tells.
fn stop_at(boundary: Boundary, who: &str) -> (Faults, Arc<Notify>) {
    let reached = Arc::new(Notify::new());
    let (told, who) = (Arc::clone(&reached), who.to_owned());
    let faults = Faults::at(move |at, by| {
        let stops = at == boundary && by == who;
        let told = Arc::clone(&told);
        async move {
            if stops {
                told.notify_one();
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    });
    (faults, reached)
}

/// Starts a process and kills it when `who` reaches `boundary`; the clock moves past leases and backoffs meanwhile.
async fn crash(world: &World, boundary: Boundary, who: &str) {
    let (faults, reached) = stop_at(boundary, who);
    let process = world.start(faults).await;
    let stopped = tokio::time::timeout(PATIENCE, async {
        loop {
            tokio::select! {
                () = reached.notified() => break,
                () = tokio::time::sleep(Duration::from_millis(10)) => advance(world),
            }
        }
    });
    assert!(stopped.await.is_ok(), "{who} did not reach {boundary:?}");
    process.kill().await;
}

fn advance(world: &World) {
    world.clock.advance(chrono::Duration::seconds(5));
}

async fn crash_everywhere(kind: Kind, transport: Transport) {
    let world = World::create(kind, transport).await;
    let gym = Gym::open(&world.app).await;
    let mut given = Vec::new();
    let exercises = exercises(&all_workers());
    for exercise in &exercises {
        for boundary in exercise.boundaries {
            given.push(gym.give(exercise).await);
            crash(&world, *boundary, &exercise.handler).await;
        }
    }
    // Each of them has sent messages: the relay's work.
    for (boundary, exercise) in Boundary::RELAY.into_iter().zip(exercises.iter().cycle()) {
        given.push(gym.give(exercise).await);
        crash(&world, boundary, "").await;
    }
    let process = world.start(Faults::default()).await;
    let done = until(|| async {
        advance(&world);
        gym.missing(&given).await.expect("an answer").is_empty() && world.is_settled().await
    });
    let done = done.await;
    assert!(
        done,
        "not done after {PATIENCE:?}: {:?}; under way: {:?}; parked: {:?}",
        gym.missing(&given).await,
        world.left().await,
        world.parked().await,
    );
    process.drain().await;
    check(&world, &gym, &given).await;
    world.end().await;
}

/// Now that nothing is under way, everything was done once; parked is what was meant to be.
async fn check(world: &World, gym: &Gym, given: &[Given]) {
    assert_eq!(gym.missing(given).await.expect("an answer"), Vec::<String>::new());
    let parked: Vec<_> =
        world.parked().await.into_iter().filter(|letter| letter.kind != "probe_step.v1").collect();
    assert!(parked.is_empty(), "{parked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_process_on_sqlite() {
    crash_everywhere(Kind::Sqlite, Transport::InProcess).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_process_on_postgres() {
    crash_everywhere(Kind::Postgres, Transport::InProcess).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_rabbitmq() {
    crash_everywhere(Kind::Postgres, Transport::Amqp).await;
}

/// The exercises say where their handlers are crashed: no kind of handler and none of its boundaries is left out.
#[test]
fn each_kind_of_handler_is_crashed_at_each_of_its_boundaries() {
    let crashed = |boundaries: &[Boundary]| {
        exercises(&all_workers()).iter().any(|exercise: &Exercise| exercise.boundaries == boundaries)
    };
    assert!(crashed(&Boundary::COMMAND) && crashed(&Boundary::EFFECT) && crashed(&Boundary::SWEEP));
}
