//! The consumer of one queue: each delivery is handled, retried or parked, and acknowledged only when the
//! database says so. While the database is away deliveries are held, never sent back.

use std::{sync::Arc, time::Duration};

use app::trace;
use bus::{Delivery, Envelope};
use futures_util::FutureExt;
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Boundary, Handler, Worker, command, effect,
    failure::{self, Failure, Outcome},
    node::Parts,
};

/// Consumes a worker's queue until told to stop, then finishes what it holds.
pub(crate) async fn run(parts: Arc<Parts>, worker: Arc<Worker>, stop: CancellationToken) {
    let concurrency = parts.settings.concurrency.max(1);
    let mut consumer = parts.bus.consume(worker.queue, concurrency);
    let slots = Arc::new(Semaphore::new(usize::from(concurrency)));
    let mut handling = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
        let delivery = tokio::select! {
            () = stop.cancelled() => None,
            delivery = consumer.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let (parts, worker, stop) = (Arc::clone(&parts), Arc::clone(&worker), stop.clone());
        handling.spawn(async move {
            handle(&parts, &worker, delivery, &stop).await;
            drop(slot);
        });
        while handling.try_join_next().is_some() {}
    }
    consumer.stop();
    while consumer.next().await.is_some() {}
    handling.join_all().await;
}

/// Parks what the transport itself gave up on.
pub(crate) async fn run_poison(parts: Arc<Parts>, worker: Arc<Worker>, stop: CancellationToken) {
    let mut consumer = parts.bus.consume(&bus::Topology::poison_name(worker.queue), 1);
    loop {
        let delivery = tokio::select! {
            () = stop.cancelled() => None,
            delivery = consumer.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let reason = "it came back unacknowledged too often: its handler dies of it".to_owned();
        let parked = until_done(&parts, &stop, || {
            failure::park(&parts, worker.queue, delivery.envelope(), reason.clone())
        });
        if parked.await.is_some() {
            acknowledge(delivery).await;
        }
    }
}

async fn handle(parts: &Parts, worker: &Worker, delivery: Delivery, stop: &CancellationToken) {
    let envelope = delivery.envelope().clone();
    let span = tracing::info_span!(
        "handle",
        queue = worker.queue,
        kind = envelope.kind,
        message_id = %envelope.id,
        attempt = envelope.attempt,
        redelivered = delivery.redelivered(),
        outcome = tracing::field::Empty,
    );
    trace::continue_from(&span, &envelope.headers);
    let malformed = delivery.malformed().map(str::to_owned);
    let handled = async {
        let started = tokio::time::Instant::now();
        let outcome = until_done(parts, stop, || one_try(parts, worker, &envelope, malformed.clone())).await;
        if let Some(outcome) = outcome {
            tracing::Span::current().record("outcome", outcome.label());
            let labels = [("queue", worker.queue), ("outcome", outcome.label())];
            metrics::counter!("venturi_messages_handled_total", &labels).increment(1);
            metrics::histogram!("venturi_message_handling_seconds", "queue" => worker.queue)
                .record(started.elapsed().as_secs_f64());
        }
        outcome
    };
    // None: told to stop while the database was away. Dropped, the delivery goes to another worker.
    if handled.instrument(span).await.is_some() {
        acknowledge(delivery).await;
        parts.faults.reach(Boundary::CommandAcknowledged).await;
    }
}

/// Tries `action` until the database carries it; none when told to stop before.
async fn until_done<F>(parts: &Parts, stop: &CancellationToken, action: impl Fn() -> F) -> Option<Outcome>
where
    F: Future<Output = Result<Outcome, Failure>>,
{
    loop {
        match action().await {
            Ok(outcome) => return Some(outcome),
            Err(failure) => tracing::warn!(?failure, "holding a message until the database is back"),
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = database_back(parts) => {}
        }
    }
}

/// One try, with its failure recorded. The only error left is that the database is away.
async fn one_try(
    parts: &Parts,
    worker: &Worker,
    envelope: &Envelope,
    malformed: Option<String>,
) -> Result<Outcome, Failure> {
    let tried = match malformed {
        Some(reason) => Err(Failure::Never(format!("not a message of ours: {reason}"))),
        None => dispatch(parts, worker, envelope).await,
    };
    match tried {
        Ok(outcome) => Ok(outcome),
        Err(failure) => failure::record(parts, worker.queue, envelope, failure).await,
    }
}

async fn dispatch(parts: &Parts, worker: &Worker, envelope: &Envelope) -> Result<Outcome, Failure> {
    let Some(handler) = worker.handlers.iter().find(|handler| handler.kind() == envelope.kind) else {
        return Err(Failure::Never(format!("{} has no handler for {}", worker.queue, envelope.kind)));
    };
    let handled = async {
        match handler {
            Handler::Command(handler) => command::handle(parts, worker.queue, &**handler, envelope).await,
            Handler::Effect(handler) => effect::handle(parts, worker.queue, &**handler, envelope).await,
        }
    };
    // A panic is a fault of this one message: it is retried and parked like any other.
    match std::panic::AssertUnwindSafe(handled).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Later("its handler panicked".to_owned())),
    }
}

async fn acknowledge(delivery: Delivery) {
    if let Err(stale) = delivery.ack().await {
        tracing::debug!(%stale, "the message will come again and be found handled");
    }
}

/// Resolves when the database answers.
pub(crate) async fn database_back(parts: &Parts) {
    let mut wait = Duration::from_millis(100);
    loop {
        tokio::time::sleep(wait).await;
        match parts.app.database().ping().await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the database is away"),
        }
        wait = (wait * 2).min(Duration::from_secs(2));
    }
}
