//! One in-memory queue, and the receipt that settles what came out of it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{AckError, Envelope};

/// A message waiting in a queue, with the publisher who waits for it.
pub(crate) struct Item {
    envelope: Arc<Envelope>,
    /// How often it came back unacknowledged to the queue it is in.
    returns: u32,
    redelivered: bool,
    confirm: oneshot::Sender<()>,
}

impl Item {
    pub(crate) fn new(envelope: Arc<Envelope>, confirm: oneshot::Sender<()>) -> Self {
        Self { envelope, returns: 0, redelivered: false, confirm }
    }

    pub(crate) fn envelope(&self) -> Arc<Envelope> {
        self.envelope.clone()
    }

    pub(crate) fn redelivered(&self) -> bool {
        self.redelivered
    }
}

/// First in, first out; what comes back goes to the front.
pub(crate) struct MemoryQueue {
    items: Mutex<VecDeque<Item>>,
    arrived: Notify,
    /// Where a message goes that came back more often than the limit; none for a poison queue itself.
    poison: Option<(u32, Arc<MemoryQueue>)>,
    closed: CancellationToken,
}

impl MemoryQueue {
    pub(crate) fn new(delivery_limit: u32, poison: Arc<Self>, closed: CancellationToken) -> Self {
        Self { poison: Some((delivery_limit, poison)), ..Self::for_poison(closed) }
    }

    pub(crate) fn for_poison(closed: CancellationToken) -> Self {
        Self { items: Mutex::default(), arrived: Notify::new(), poison: None, closed }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn push(&self, item: Item) {
        self.lock().push_back(item);
        self.arrived.notify_one();
    }

    /// Waits for the first message. Cancel-safe: it takes one only in the poll that returns it.
    pub(crate) async fn pop(&self) -> Item {
        loop {
            let arrived = self.arrived.notified();
            if let Some(item) = self.lock().pop_front() {
                return item;
            }
            arrived.await;
        }
    }

    /// Drops everything that waits; its publishers learn that it was not kept.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn take_back(&self, mut item: Item) {
        item.returns = item.returns.saturating_add(1);
        item.redelivered = true;
        match &self.poison {
            // The publisher keeps waiting: poison counts as kept when it is parked, not when it is moved.
            Some((limit, poison)) if item.returns > *limit => {
                tracing::warn!(id = %item.envelope.id, kind = item.envelope.kind, "moved to the poison queue");
                poison.push(Item { returns: 0, redelivered: false, ..item });
            }
            _ => {
                self.lock().push_front(item);
                self.arrived.notify_one();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settles one delivery; dropped unsettled, it takes the message back to its queue.
pub(crate) struct Receipt {
    item: Option<Item>,
    queue: Arc<MemoryQueue>,
    _prefetched: OwnedSemaphorePermit,
}

impl Receipt {
    pub(crate) fn new(item: Item, queue: Arc<MemoryQueue>, prefetched: OwnedSemaphorePermit) -> Self {
        Self { item: Some(item), queue, _prefetched: prefetched }
    }

    pub(crate) fn ack(mut self) -> Result<(), AckError> {
        if self.queue.closed.is_cancelled() {
            return Err(AckError::Stale);
        }
        if let Some(item) = self.item.take() {
            // A publisher that gave up no longer listens; the message is dealt with all the same.
            let _ = item.confirm.send(());
        }
        Ok(())
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            self.queue.take_back(item);
        }
    }
}
