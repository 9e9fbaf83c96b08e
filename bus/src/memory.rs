//! The in-process transport: the same queues, limits and redelivery as on the broker, in memory.
//!
//! Nothing here survives the process, so nothing here may confirm a publish before its consumers did.

mod queue;

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::try_join_all;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use queue::Receipt;
use queue::{Item, MemoryQueue};

use crate::{Delivery, Envelope, PublishError, Route, Topology, delivery, wake::WakeHub};

/// All queues of one process.
pub(crate) struct Memory {
    queues: BTreeMap<String, Arc<MemoryQueue>>,
    topology: Topology,
    wakes: WakeHub,
    connected: watch::Sender<bool>,
    closed: CancellationToken,
    _closes_on_drop: DropGuard,
}

impl Memory {
    pub(crate) fn new(topology: Topology) -> Self {
        let closed = CancellationToken::new();
        let mut queues = BTreeMap::new();
        for queue in &topology.queues {
            let poison_name = Topology::poison_name(&queue.name);
            let poison = Arc::new(MemoryQueue::for_poison(closed.clone()));
            let main = MemoryQueue::new(topology.delivery_limit, poison.clone(), closed.clone());
            queues.insert(queue.name.clone(), Arc::new(main));
            queues.insert(poison_name, poison);
        }
        let connected = watch::Sender::new(true);
        let _closes_on_drop = closed.clone().drop_guard();
        Self { queues, topology, wakes: WakeHub::default(), connected, closed, _closes_on_drop }
    }

    pub(crate) async fn publish(&self, route: Route<'_>, envelope: &Envelope) -> Result<(), PublishError> {
        if self.closed.is_cancelled() {
            return Err(closed());
        }
        let queues = self.routed(route, &envelope.kind);
        if queues.is_empty() {
            return Err(PublishError::Unroutable);
        }
        if queues.iter().any(|queue| queue.len() >= self.topology.max_length as usize) {
            return Err(PublishError::Rejected("a queue is full".to_owned()));
        }
        let envelope = Arc::new(envelope.clone());
        let confirms = queues.into_iter().map(|queue| {
            let (confirm, confirmed) = oneshot::channel();
            queue.push(Item::new(envelope.clone(), confirm));
            confirmed
        });
        tokio::select! {
            biased;
            confirmed = try_join_all(confirms.collect::<Vec<_>>()) => confirmed.map(drop).map_err(|_| deleted()),
            () = self.closed.cancelled() => Err(closed()),
        }
    }

    fn routed(&self, route: Route<'_>, kind: &str) -> Vec<&Arc<MemoryQueue>> {
        let names: Vec<&str> = match route {
            Route::Queue(name) => vec![name],
            Route::Kind => {
                let takes = |queue: &&crate::Queue| queue.kinds.iter().any(|taken| taken == kind);
                self.topology.queues.iter().filter(takes).map(|queue| queue.name.as_str()).collect()
            }
        };
        names.into_iter().filter_map(|name| self.queues.get(name)).collect()
    }

    pub(crate) fn consume(&self, queue: &str, prefetch: u16) -> MemoryConsumer {
        let queue = self.queues.get(queue).cloned().unwrap_or_else(|| {
            tracing::error!(queue, "consuming a queue that is not in the topology: nothing will come");
            Arc::new(MemoryQueue::for_poison(self.closed.clone()))
        });
        let permits = if prefetch == 0 { Semaphore::MAX_PERMITS } else { usize::from(prefetch) };
        MemoryConsumer { queue, prefetch: Arc::new(Semaphore::new(permits)), stop: self.closed.child_token() }
    }

    pub(crate) fn wakes(&self) -> &WakeHub {
        &self.wakes
    }

    pub(crate) fn ready(&self) -> Result<(), String> {
        if self.closed.is_cancelled() { Err("the bus is closed".to_owned()) } else { Ok(()) }
    }

    pub(crate) fn changes(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    pub(crate) fn close(&self) {
        self.closed.cancel();
        self.connected.send_replace(false);
    }

    pub(crate) fn clear(&self) {
        self.queues.values().for_each(|queue| queue.clear());
    }
}

fn closed() -> PublishError {
    PublishError::Unavailable("the bus is closed".to_owned())
}

fn deleted() -> PublishError {
    PublishError::Unavailable("the queue was deleted with the message in it".to_owned())
}

/// Reads one queue of this process.
pub(crate) struct MemoryConsumer {
    queue: Arc<MemoryQueue>,
    prefetch: Arc<Semaphore>,
    stop: CancellationToken,
}

impl MemoryConsumer {
    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        let deliver = async {
            let permit = self.prefetch.clone().acquire_owned().await.ok()?;
            let item = self.queue.pop().await;
            let (envelope, redelivered) = (item.envelope(), item.redelivered());
            let receipt = Receipt::new(item, self.queue.clone(), permit);
            Some(Delivery::new(envelope, redelivered, None, delivery::Receipt::Memory(receipt)))
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            delivery = deliver => delivery,
        }
    }
}
