//! A crash at every boundary of the relay and of each kind of handler, on both transports: whatever was
//! asked for is done once, and nothing is left behind.
//!
//! The work is that of every registered handler and sweep; one that is registered and not put to work here
//! fails `every_registered_handler_is_put_to_work`.
//!
//! To see these fail on a planted mistake:
//! `git apply testing/planted/ack_before_commit.patch && cargo verify -E 'test(crash)'; git apply -R testing/planted/ack_before_commit.patch`
//! and the same with `inbox_outside_transaction.patch`.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use delivery::{Boundary, Faults};
use domain::{
    id::{Id, kind},
    venture::Venture,
    webhook_source::EventStatus,
};
use entity::webhook_delivery;
use futures_util::FutureExt;
use sea_orm::EntityTrait;
use serde_json::json;
use testing::{
    clock::TestClock,
    database::Kind,
    probe::{self, ProbeEffect, ProbeFailure},
    receiver::Receiver,
    world::{PATIENCE, Transport, World, until, workers},
};
use tokio::sync::Notify;
use uuid::Uuid;

/// What was asked for.
struct Work {
    venture: Id<Venture>,
    gates: Vec<Id<kind::GateRun>>,
    effects: Vec<Uuid>,
    events: Vec<Id<kind::WebhookEvent>>,
    failure: Uuid,
    receiver: Receiver,
}

/// Stage 1's exit gates.
const GATES: [&str; 3] = ["title-validated", "description-validated", "category-assigned"];

/// What a receiver is told of, by webhooks.
const TOLD: [&str; 2] = ["venture.created.v1", "gate_run.decided.v1"];

async fn deliveries(world: &World) -> Vec<webhook_delivery::Model> {
    webhook_delivery::Entity::find().all(world.app.database().read()).await.unwrap()
}

impl Work {
    async fn ask(world: &World) -> Self {
        let receiver = Receiver::start().await;
        receiver.hesitate();
        world.listen(&receiver.url, Some(&TOLD)).await;
        let venture = world.venture("Crash dummy").await;
        let mut gates = Vec::new();
        for gate in GATES {
            gates.push(world.validate(venture, gate).await);
        }
        let effects = vec![Uuid::from_u128(rand::random()), Uuid::from_u128(rand::random())];
        for effect in &effects {
            probe::send(&world.app, *effect, "probe_effect.v1", &ProbeEffect {}).await;
            probe::set_timer(&world.app, *effect, world.app.clock().now()).await;
        }
        let mut events = Vec::new();
        let source = world.source(&["INTEGRATION"]).await;
        for number in 0..2 {
            let data = json!({ "ventureId": venture, "metric": "crashes", "value": number });
            events.push(world.keep(source, &format!("msg_{number}"), "metric.sample", data).await);
        }
        let failure = Uuid::from_u128(rand::random());
        probe::send(&world.app, failure, "probe_failure.v1", &ProbeFailure { transient: false }).await;
        // The venture's first stage becomes late, which is a sweep's to find.
        world.clock.advance(chrono::Duration::days(30));
        Self { venture, gates, effects, events, failure, receiver }
    }

    /// Waits until all of it is done, moving the clock past leases and backoffs.
    async fn done(&self, world: &World) {
        let done = until(|| async {
            advance(&world.clock);
            // A row that the killed process had leased is free only when the clock has passed its lease.
            self.is_done(world).await && world.is_settled().await
        });
        assert!(done.await, "not done after {PATIENCE:?}: {:?}", world.history(self.venture).await);
    }

    async fn is_done(&self, world: &World) -> bool {
        let verdicts = world.verdicts().await;
        let decided = self.gates.iter().all(|gate| verdicts[&gate.uuid()].0 != "QUEUED");
        let settled = world.recorded("probe_settled").await >= self.effects.len();
        let swept = world.recorded("probe_swept").await >= self.effects.len();
        let handled = world.recorded("settle_webhook_event").await >= self.events.len();
        let late = world.history(self.venture).await.iter().any(|(_, kind)| kind == "stage.late.v1");
        let told = deliveries(world).await;
        let told = told.len() == self.told() && told.iter().all(|row| row.status == "DELIVERED");
        decided && told && settled && swept && handled && late && !world.parked().await.is_empty()
    }

    /// How many messages the receiver is to be sent.
    fn told(&self) -> usize {
        1 + self.gates.len()
    }

    /// Everything happened once.
    async fn check(&self, world: &World) {
        let verdicts = world.verdicts().await;
        for gate in &self.gates {
            assert_eq!(verdicts[&gate.uuid()], ("SUCCEEDED".to_owned(), Some("PASS".to_owned())));
        }
        let history = world.history(self.venture).await;
        let numbers: Vec<_> = history.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=i64::try_from(history.len()).unwrap()).collect::<Vec<_>>());
        let count = |wanted: &str| history.iter().filter(|(_, kind)| kind == wanted).count();
        assert_eq!(count("gate_run.decided.v1"), self.gates.len(), "{history:?}");
        assert_eq!(count("stage.late.v1"), 1, "{history:?}");
        assert_eq!(world.recorded("decide_gate").await, self.gates.len());
        assert_eq!(world.recorded("probe_settled").await, self.effects.len());
        assert_eq!(world.recorded("probe_swept").await, self.effects.len());
        assert_eq!(world.recorded("record_metric_sample").await, self.events.len());
        assert_eq!(world.recorded("settle_webhook_event").await, self.events.len());
        for event in &self.events {
            assert_eq!(world.became_of(*event).await, EventStatus::Handled);
        }
        for effect in &self.effects {
            assert!(probe::times_worked(*effect) >= 1);
        }
        // Each message has its one delivery, each attempt its one record; the receiver tells them by their ids.
        let deliveries = deliveries(world).await;
        let attempts: i32 = deliveries.iter().map(|row| row.attempts).sum();
        assert_eq!(deliveries.len(), self.told());
        assert_eq!(world.recorded("record_webhook_attempt").await, usize::try_from(attempts).unwrap());
        let received = self.receiver.received();
        let ids: BTreeSet<_> = received.iter().map(|request| request.id.as_str()).collect();
        assert_eq!(ids.len(), self.told());
        let parked: Vec<_> = world.parked().await.into_iter().map(|letter| letter.message_id).collect();
        assert_eq!(parked, [self.failure]);
    }
}

fn advance(clock: &TestClock) {
    clock.advance(chrono::Duration::seconds(5));
}

/// Stops the process the `nth` time it reaches `boundary`, and tells.
fn stop_at(boundary: Boundary, nth: u32) -> (Faults, Arc<Notify>) {
    let (reached, seen) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    let told = Arc::clone(&reached);
    let faults = Faults::at(move |at| {
        let (seen, told) = (Arc::clone(&seen), Arc::clone(&told));
        async move {
            if at == boundary && seen.fetch_add(1, Ordering::SeqCst) + 1 >= nth {
                told.notify_one();
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    });
    (faults, reached)
}

async fn crash_at_every_boundary(kind: Kind, transport: Transport, nth: u32) {
    for boundary in Boundary::ALL {
        let world = World::create(kind, transport).await;
        let work = Work::ask(&world).await;
        let (faults, reached) = stop_at(boundary, nth);
        let process = world.start(faults).await;
        let stopped = tokio::time::timeout(PATIENCE, async {
            loop {
                tokio::select! {
                    () = reached.notified() => break,
                    () = tokio::time::sleep(std::time::Duration::from_millis(20)) => advance(&world.clock),
                }
            }
        });
        assert!(stopped.await.is_ok(), "{boundary:?} was not reached {nth} times");
        process.kill().await;
        let process = world.start(Faults::default()).await;
        work.done(&world).await;
        process.drain().await;
        work.check(&world).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_process_on_sqlite_the_first_time() {
    crash_at_every_boundary(Kind::Sqlite, Transport::InProcess, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_process_on_postgres_the_first_time() {
    crash_at_every_boundary(Kind::Postgres, Transport::InProcess, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_rabbitmq_the_first_time() {
    crash_at_every_boundary(Kind::Postgres, Transport::Amqp, 1).await;
}

#[tokio::test]
async fn every_registered_handler_is_put_to_work() {
    let workers: Vec<_> = workers().into_iter().chain([probe::worker()]).collect();
    let kinds = workers.iter().flat_map(|worker| &worker.handlers).map(delivery::Handler::kind);
    let sweeps = workers.iter().flat_map(|worker| &worker.sweeps).map(|sweep| sweep.name().to_owned());
    let worked = [
        "decide_gate.v1",
        "deliver_webhook.v1",
        "dispatch_webhooks.v1",
        "handle_webhook_event.v1",
        "probe_effect.v1",
        "probe_failure.v1",
        "flag_late_stage_run",
        "probe_sweep",
        "purge",
        "retry_webhook",
    ];
    let worked: BTreeSet<_> = worked.into_iter().map(str::to_owned).collect();
    assert_eq!(kinds.chain(sweeps).collect::<BTreeSet<_>>(), worked);
}
