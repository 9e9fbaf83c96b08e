//! Who should look, after a commit: the relay at the outbox, sweeps at timers, subscribers at a
//! venture's history. A hint only: whoever misses it finds the rows by polling.

use std::sync::Arc;

use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

/// The hints of one process.
#[derive(Clone, Debug)]
pub struct Hints {
    outbox: Arc<Notify>,
    timers: Arc<Notify>,
    committed: broadcast::Sender<Uuid>,
    changed: broadcast::Sender<Uuid>,
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            outbox: Arc::default(),
            timers: Arc::default(),
            committed: broadcast::channel(4_096).0,
            changed: broadcast::channel(4_096).0,
        }
    }
}

impl Hints {
    /// Resolves when messages were written since the last call.
    pub async fn outbox(&self) {
        self.outbox.notified().await;
    }

    /// Resolves when timers were set since the last call.
    pub async fn timers(&self) {
        self.timers.notified().await;
    }

    /// Ids of ventures that this process changed.
    pub fn committed(&self) -> broadcast::Receiver<Uuid> {
        self.committed.subscribe()
    }

    /// Ids of ventures that any process changed, as far as it is known here.
    pub fn changes(&self) -> broadcast::Receiver<Uuid> {
        self.changed.subscribe()
    }

    /// Passes on that another process changed a venture.
    pub fn announce(&self, venture: Uuid) {
        // No receiver is no fault: nobody watches.
        drop(self.changed.send(venture));
    }

    pub(crate) fn wrote(&self, messages: bool, timers: bool, venture: Option<Uuid>) {
        if messages {
            self.outbox.notify_one();
        }
        if timers {
            self.timers.notify_one();
        }
        if let Some(id) = venture {
            drop(self.committed.send(id));
            self.announce(id);
        }
    }
}
