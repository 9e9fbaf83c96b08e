//! What every test needs: a topology of its own, a broker, patience with an end, and cleaning up.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, time::Duration};

use bus::{AmqpOptions, Bus, Consumer, Delivery, Envelope, PublishError, Queue, Route, Topology};
use futures_util::FutureExt;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Taken by queue `a` alone.
pub(crate) const ONE: &str = "one.v1";
/// Taken by the queues `a` and `b`.
pub(crate) const BOTH: &str = "both.v1";
/// Taken by no queue.
pub(crate) const NOBODY: &str = "nobody.v1";

/// How often a message may come back in these tests.
pub(crate) const DELIVERY_LIMIT: u32 = 3;

/// Two queues in a namespace nobody else uses.
pub(crate) fn topology() -> Topology {
    let namespace = format!("test-{}", random_id());
    let queues = [Queue::new("a", [ONE, BOTH]), Queue::new("b", [BOTH])];
    Topology { delivery_limit: DELIVERY_LIMIT, ..Topology::new(namespace, queues) }
}

/// The broker the tests were given.
#[expect(clippy::disallowed_methods, reason = "the one place where these tests learn their broker")]
pub(crate) fn broker_url() -> String {
    std::env::var("TEST_AMQP_URL")
        .expect("TEST_AMQP_URL is not set: run `cargo verify`, which brings its own servers")
}

pub(crate) fn broker_options() -> AmqpOptions {
    AmqpOptions { connection_name: "bus tests".to_owned(), ..AmqpOptions::new(broker_url()) }
}

/// Runs a test in process.
pub(crate) async fn in_process(test: impl AsyncFnOnce(&Bus)) {
    let bus = Bus::in_process(topology());
    test(&bus).await;
    bus.close().await;
}

/// Runs a test on the broker, and deletes what it left there even when it fails.
pub(crate) async fn on_broker(test: impl AsyncFnOnce(&Bus)) {
    let topology = topology();
    on_broker_with(&topology, test).await;
}

/// As [`on_broker`], with a topology of the test's own.
pub(crate) async fn on_broker_with(topology: &Topology, test: impl AsyncFnOnce(&Bus)) {
    let bus = Bus::amqp(broker_options(), topology.clone());
    connected(&bus, true).await;
    let outcome: Result<(), Box<dyn Any + Send>> = AssertUnwindSafe(test(&bus)).catch_unwind().await;
    let deleted = within(bus.delete_topology()).await;
    within(bus.close()).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    deleted.unwrap();
}

/// Waits until the bus is connected, or not.
pub(crate) async fn connected(bus: &Bus, wanted: bool) {
    let mut changes = bus.changes();
    within(changes.wait_for(|connected| *connected == wanted)).await.unwrap();
}

/// The future's result; fails the test when it takes longer than anything here may.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it took longer than 30 s")
}

pub(crate) fn random_id() -> Uuid {
    Uuid::from_u128(rand::random())
}

/// A message with everything set.
pub(crate) fn message(kind: &str) -> Envelope {
    let mut envelope = Envelope::new(random_id(), kind, r#"{"gate":7}"#);
    envelope.headers.insert("traceparent".to_owned(), "00-ab-cd-01".to_owned());
    envelope.attempt = 2;
    envelope
}

/// Publishes without waiting: in process a publish ends only when its consumers acknowledged.
pub(crate) fn publish(bus: &Bus, envelope: &Envelope) -> JoinHandle<Result<(), PublishError>> {
    let (bus, envelope) = (bus.clone(), envelope.clone());
    tokio::spawn(async move { bus.publish(Route::Kind, &envelope).await })
}

/// The next delivery of a consumer that has not ended.
pub(crate) async fn receive(consumer: &mut Consumer) -> Delivery {
    within(consumer.next()).await.expect("the consumer ended")
}
