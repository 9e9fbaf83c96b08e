//! The consumer of one queue: each delivery is handled, retried or parked, and acknowledged only when the
//! database says so. While the database is away deliveries are held, never sent back.
//!
//! Commands that may share a transaction wait for one of a few lanes, and whoever gets a lane takes all that wait
//! by then. Nothing waits for a batch to fill: where a lane is free, a message goes alone.

use std::{sync::Arc, time::Duration};

use app::trace;
use bus::{Consumer, Delivery, Envelope};
use futures_util::{FutureExt, future::join_all};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::{
    Boundary, Worker,
    batch::{self, Member},
    command, effect,
    failure::{self, Failure, Outcome},
    handler::Work,
    node::Parts,
};

/// What every task of a consumer needs.
#[derive(Clone)]
struct Consuming {
    parts: Arc<Parts>,
    worker: Arc<Worker>,
    stop: CancellationToken,
}

/// Consumes a worker's queue until told to stop, then finishes what it has begun.
pub(crate) async fn run(parts: Arc<Parts>, worker: Arc<Worker>, stop: CancellationToken) {
    let settings = &parts.settings;
    let (slots, lanes) = (settings.concurrency.max(1), settings.batches.max(1));
    let most = batch::MAX_MESSAGES.min(slots);
    let prefetch = if worker.has_batches() { slots.max(lanes.saturating_mul(most)) } else { slots };
    let slots = Arc::new(Semaphore::new(slots.into()));
    let lanes = Arc::new(Semaphore::new(lanes.into()));
    let consuming = Consuming { parts, worker, stop };
    let (mut waiting, mut handling) = (Vec::new(), JoinSet::new());
    // After the others, so that it goes first when this task is aborted: what they return is not for us any more.
    let mut consumer = consuming.parts.bus.consume(consuming.worker.queue(), prefetch);
    loop {
        let delivery = tokio::select! {
            biased;
            () = consuming.stop.cancelled() => break,
            Ok(lane) = Arc::clone(&lanes).acquire_owned(), if !waiting.is_empty() => {
                let most = usize::from(most);
                let more = waiting.len()..most;
                let came = more.map_while(|_| consumer.next().now_or_never().flatten());
                for delivery in came.collect::<Vec<_>>() {
                    consuming.sort(delivery, &mut waiting, &slots, &mut handling);
                }
                let together = waiting.drain(..most.min(waiting.len())).collect();
                handling.spawn(consuming.clone().handle_together(together, lane));
                continue;
            }
            delivery = consumer.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        consuming.sort(delivery, &mut waiting, &slots, &mut handling);
        while handling.try_join_next().is_some() {}
    }
    end(consumer).await;
    // What was not begun goes to another worker.
    drop(waiting);
    handling.join_all().await;
}

/// Gives back what a consumer has not handed out.
async fn end(mut consumer: Consumer) {
    consumer.stop();
    while consumer.next().await.is_some() {}
}

impl Consuming {
    /// Lets a delivery wait for a lane, or starts to handle it alone.
    fn sort(
        &self,
        delivery: Delivery,
        waiting: &mut Vec<Delivery>,
        slots: &Arc<Semaphore>,
        handling: &mut JoinSet<()>,
    ) {
        if self.may_share(&delivery) {
            waiting.push(delivery);
        } else {
            handling.spawn(self.clone().handle_alone(delivery, Arc::clone(slots)));
        }
    }

    /// Whether a message may share a transaction. One that came back, or failed before, goes alone: it may be what
    /// killed its handler, and would take the others with it again until all of them are poison.
    fn may_share(&self, delivery: &Delivery) -> bool {
        let envelope = delivery.envelope();
        let fresh = !delivery.redelivered() && envelope.attempt == 0 && delivery.malformed().is_none();
        fresh && self.worker.handler(&envelope.kind).is_some_and(|handler| handler.batched().is_some())
    }

    async fn handle_alone(self, delivery: Delivery, slots: Arc<Semaphore>) {
        let slot = tokio::select! {
            biased;
            () = self.stop.cancelled() => return,
            slot = slots.acquire_owned() => slot,
        };
        self.handle(delivery).await;
        drop(slot);
    }

    /// Handles deliveries in one transaction, or else each in its own.
    async fn handle_together(self, deliveries: Vec<Delivery>, lane: OwnedSemaphorePermit) {
        if deliveries.len() > 1 && self.try_together(&deliveries).await {
            for delivery in deliveries {
                self.acknowledge(delivery).await;
            }
        } else {
            join_all(deliveries.into_iter().map(|delivery| self.handle(delivery))).await;
        }
        drop(lane);
    }

    /// Whether the deliveries were handled in one transaction. If not, nothing was done.
    async fn try_together(&self, deliveries: &[Delivery]) -> bool {
        let queue = self.worker.queue();
        let started = tokio::time::Instant::now();
        let spans: Vec<_> = deliveries.iter().map(|delivery| self.span(delivery)).collect();
        let members = deliveries.iter().zip(&spans).filter_map(|(delivery, span)| {
            let envelope = delivery.envelope();
            let handler = self.worker.handler(&envelope.kind)?.batched()?;
            Some(Member { envelope, handler, span })
        });
        let members: Vec<_> = members.collect();
        let span = tracing::info_span!("batch", queue, messages = members.len());
        let handled = unpanicked(batch::handle(&self.parts, queue, &members)).instrument(span).await;
        let outcomes = match handled {
            Ok(outcomes) => outcomes,
            Err(failure) => {
                tracing::info!(
                    queue,
                    messages = members.len(),
                    ?failure,
                    "each message of the batch goes alone"
                );
                metrics::counter!("venturi_batches_total", "queue" => queue, "outcome" => "split")
                    .increment(1);
                return false;
            }
        };
        metrics::counter!("venturi_batches_total", "queue" => queue, "outcome" => "handled").increment(1);
        for (span, outcome) in spans.iter().zip(outcomes) {
            self.count(span, outcome, started.elapsed());
        }
        true
    }

    async fn handle(&self, delivery: Delivery) {
        let (span, started) = (self.span(&delivery), tokio::time::Instant::now());
        let malformed = delivery.malformed().map(str::to_owned);
        let (parts, worker, envelope) = (&*self.parts, &*self.worker, delivery.envelope());
        let handled = until_done(parts, &self.stop, || one_try(parts, worker, envelope, malformed.clone()));
        // None: told to stop while the database was away. Dropped, the delivery goes to another worker.
        if let Some(outcome) = handled.instrument(span.clone()).await {
            self.count(&span, outcome, started.elapsed());
            self.acknowledge(delivery).await;
        }
    }

    /// The span of a delivery, below the trace that its message came from.
    fn span(&self, delivery: &Delivery) -> Span {
        let envelope = delivery.envelope();
        let span = tracing::info_span!(
            "handle",
            queue = self.worker.queue(),
            kind = envelope.kind,
            message_id = %envelope.id,
            attempt = envelope.attempt,
            redelivered = delivery.redelivered(),
            outcome = tracing::field::Empty,
        );
        trace::continue_from(&span, &envelope.headers);
        span
    }

    fn count(&self, span: &Span, outcome: Outcome, took: Duration) {
        span.record("outcome", outcome.label());
        let queue = self.worker.queue();
        let labels = [("queue", queue), ("outcome", outcome.label())];
        metrics::counter!("venturi_messages_handled_total", &labels).increment(1);
        metrics::histogram!("venturi_message_handling_seconds", "queue" => queue).record(took.as_secs_f64());
    }

    async fn acknowledge(&self, delivery: Delivery) {
        let kind = delivery.envelope().kind.clone();
        acknowledge(delivery).await;
        let boundary = match self.worker.handler(&kind).map(|handler| &handler.work) {
            Some(Work::Effect(_)) => Boundary::EffectAcknowledged,
            Some(Work::Command(_)) | None => Boundary::CommandAcknowledged,
        };
        self.parts.faults.reach(boundary, &kind).await;
    }
}

/// Parks what the transport itself gave up on.
pub(crate) async fn run_poison(parts: Arc<Parts>, worker: Arc<Worker>, stop: CancellationToken) {
    let mut consumer = parts.bus.consume(&bus::Topology::poison_name(worker.queue()), 1);
    loop {
        let delivery = tokio::select! {
            () = stop.cancelled() => None,
            delivery = consumer.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let reason = "it came back unacknowledged too often: its handler dies of it".to_owned();
        let parked = until_done(&parts, &stop, || {
            failure::park(
                &parts,
                worker.queue(),
                delivery.envelope(),
                (failure::Cause::HandlerDied, reason.clone()),
            )
        });
        if parked.await.is_some() {
            acknowledge(delivery).await;
        }
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
        Err(failure) => failure::record(parts, worker.queue(), envelope, failure).await,
    }
}

async fn dispatch(parts: &Parts, worker: &Worker, envelope: &Envelope) -> Result<Outcome, Failure> {
    let queue = worker.queue();
    match worker.handler(&envelope.kind).map(|handler| &handler.work) {
        Some(Work::Command(handler)) => unpanicked(command::handle(parts, queue, &**handler, envelope)).await,
        Some(Work::Effect(handler)) => unpanicked(effect::handle(parts, queue, &**handler, envelope)).await,
        None => Err(Failure::Never(format!("{queue} has no handler for {}", envelope.kind))),
    }
}

/// A panic is a fault of its message, which is retried and parked like any other.
async fn unpanicked<T>(handled: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
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
