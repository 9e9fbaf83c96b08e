//! A message in a consumer's hands: read it, then acknowledge it, or drop it to have it back in its queue.

use std::sync::Arc;

use crate::{AckError, Envelope, amqp, memory};

/// One delivery of one message. Dropped unacknowledged (by a panic, too), it returns to its queue.
#[must_use = "dropping a delivery returns its message to the queue"]
pub struct Delivery {
    envelope: Arc<Envelope>,
    redelivered: bool,
    malformed: Option<String>,
    receipt: Receipt,
}

/// What settles a delivery with its transport; dropping it unsettled returns the message.
pub(crate) enum Receipt {
    Memory(memory::Receipt),
    Amqp(amqp::Receipt),
}

impl Delivery {
    pub(crate) fn new(
        envelope: Arc<Envelope>,
        redelivered: bool,
        malformed: Option<String>,
        receipt: Receipt,
    ) -> Self {
        Self { envelope, redelivered, malformed, receipt }
    }

    /// The message. When [`Delivery::malformed`] says so, its id may be derived from the body and its kind
    /// may be `unknown`; the body is always as it came.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Whether the message was delivered before. `false` does not promise that it was not.
    pub fn redelivered(&self) -> bool {
        self.redelivered
    }

    /// Why this is no message of ours; such a delivery is to be parked, then acknowledged.
    pub fn malformed(&self) -> Option<&str> {
        self.malformed.as_deref()
    }

    /// Says the message is dealt with, so that it never comes again.
    ///
    /// # Errors
    /// [`AckError::Stale`] when it comes again all the same.
    pub async fn ack(self) -> Result<(), AckError> {
        match self.receipt {
            Receipt::Memory(receipt) => receipt.ack(),
            Receipt::Amqp(receipt) => receipt.ack().await,
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.envelope.id)
            .field("kind", &self.envelope.kind)
            .field("redelivered", &self.redelivered)
            .field("malformed", &self.malformed)
            .finish_non_exhaustive()
    }
}
