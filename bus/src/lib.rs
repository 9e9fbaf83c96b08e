//! The way messages travel between processes: envelope, topology, publisher, consumer, wakes.
//!
//! Two transports give the same guarantees: RabbitMQ, and queues in the memory of one process. Callers
//! hold a [`Bus`] and cannot tell which it is.
//!
//! - A publish that answers `Ok` is kept: by the broker, or (in process, where nothing outlives the
//!   process) by every consumer it was meant for.
//! - Delivery is at least once. A consumer may see a message twice, late or out of order.
//! - A delivery that nobody acknowledged comes back. One that came back more often than
//!   [`Topology::delivery_limit`] moves to its queue's poison queue, `{queue}.poison`.
//! - Wakes are hints: they may be lost, and nothing may depend on one arriving.
//!
//! What must never live here: any message of ours, a database, a retry policy, an import of another crate
//! of the workspace.

mod amqp;
mod consumer;
mod delivery;
mod envelope;
mod error;
mod memory;
mod topology;
mod wake;

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

pub use amqp::AmqpOptions;
pub use consumer::{Consumer, Stopper};
pub use delivery::Delivery;
pub use envelope::{Envelope, MAX_BODY_BYTES, MAX_HEADER_BYTES, Route};
pub use error::{AckError, PublishError};
pub use topology::{Queue, Topology};
pub use wake::Wake;

/// A handle to one transport. Clones share it; it closes with [`Bus::close`], or when the last clone drops.
#[derive(Clone)]
pub struct Bus(Transport);

#[derive(Clone)]
enum Transport {
    Memory(Arc<memory::Memory>),
    Amqp(Arc<amqp::Amqp>),
}

impl Bus {
    /// A transport inside this process. Nothing in it outlives the process, so a publish is confirmed only
    /// when every bound queue's consumer acknowledged it.
    pub fn in_process(topology: Topology) -> Self {
        metrics::gauge!("venturi_bus_connected").set(1.0);
        Self(Transport::Memory(Arc::new(memory::Memory::new(topology))))
    }

    /// A transport over RabbitMQ. Returns at once: a task connects, declares the topology, and does both
    /// again after every loss, until the bus is closed. Must be called inside a Tokio runtime.
    pub fn amqp(options: AmqpOptions, topology: Topology) -> Self {
        Self(Transport::Amqp(Arc::new(amqp::Amqp::start(options, topology))))
    }

    /// Publishes one message and waits until it is confirmed; many calls may wait at the same time.
    ///
    /// Dropping the future gives up the answer, not the message: it may still be delivered.
    ///
    /// # Errors
    /// [`PublishError`]; after `Unavailable` and `Timeout` the message may or may not have been kept, so
    /// publish it again.
    pub async fn publish(&self, route: Route<'_>, envelope: &Envelope) -> Result<(), PublishError> {
        let outcome = match envelope.check() {
            Err(reason) => Err(PublishError::Rejected(reason)),
            Ok(()) => match &self.0 {
                Transport::Memory(memory) => memory.publish(route, envelope).await,
                Transport::Amqp(amqp) => amqp.publish(route, envelope).await,
            },
        };
        let label = outcome.as_ref().err().map_or("confirmed", PublishError::label);
        metrics::counter!("venturi_bus_published_total", "outcome" => label).increment(1);
        outcome
    }

    /// Consumes a queue by its short name (`{name}`, or `{name}.poison`), at most `prefetch` deliveries
    /// unacknowledged at a time (0: no limit). The consumer survives reconnections.
    pub fn consume(&self, queue: &str, prefetch: u16) -> Consumer {
        match &self.0 {
            Transport::Memory(memory) => Consumer::memory(queue, memory.consume(queue, prefetch)),
            Transport::Amqp(amqp) => Consumer::amqp(queue, amqp.consume(queue, prefetch)),
        }
    }

    /// Tells every process that something changed under `key`, which has no line break. Best effort; never
    /// blocks, never fails.
    pub fn wake(&self, key: &str) {
        match &self.0 {
            Transport::Memory(memory) => memory.wakes().announce(key),
            Transport::Amqp(amqp) => amqp.wake(key),
        }
    }

    /// The wakes of every process, this one included (over RabbitMQ those of others only with
    /// [`AmqpOptions::hears_wakes`]). A slow receiver loses the oldest.
    pub fn wakes(&self) -> broadcast::Receiver<Wake> {
        match &self.0 {
            Transport::Memory(memory) => memory.wakes().subscribe(),
            Transport::Amqp(amqp) => amqp.wakes(),
        }
    }

    /// Whether messages can flow now: connected, and the topology declared.
    ///
    /// # Errors
    /// Why not, in words fit for a health page.
    pub fn ready(&self) -> Result<(), String> {
        match &self.0 {
            Transport::Memory(memory) => memory.ready(),
            Transport::Amqp(amqp) => amqp.ready(),
        }
    }

    /// Whether messages can flow, as a value to wait on.
    pub fn changes(&self) -> watch::Receiver<bool> {
        match &self.0 {
            Transport::Memory(memory) => memory.changes(),
            Transport::Amqp(amqp) => amqp.changes(),
        }
    }

    /// Ends every consumer, fails pending publishes with `Unavailable`, and closes the connection. Stop
    /// consumers and settle their deliveries first: what is unacknowledged now comes back to its queue.
    pub async fn close(&self) {
        match &self.0 {
            Transport::Memory(memory) => memory.close(),
            Transport::Amqp(amqp) => amqp.close().await,
        }
    }

    /// Deletes the queues and exchanges of this topology with everything in them. For tests, and for an
    /// operator who retires a namespace.
    ///
    /// # Errors
    /// The broker is away or refused.
    pub async fn delete_topology(&self) -> Result<(), String> {
        match &self.0 {
            Transport::Memory(memory) => {
                memory.clear();
                Ok(())
            }
            Transport::Amqp(amqp) => amqp.delete_topology().await,
        }
    }
}
