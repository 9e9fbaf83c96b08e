//! Reading one queue, over either transport.

use tokio_util::sync::CancellationToken;

use crate::{Delivery, amqp::AmqpConsumer, memory::MemoryConsumer};

/// Reads one queue. It waits through outages, so it ends only when it is told to.
pub struct Consumer {
    stop: CancellationToken,
    delivered: metrics::Counter,
    source: Source,
}

enum Source {
    Memory(MemoryConsumer),
    Amqp(Box<AmqpConsumer>),
}

/// Stops a consumer from another task.
#[derive(Clone, Debug)]
pub struct Stopper(CancellationToken);

impl Stopper {
    /// Ends the consumer: it hands out nothing more.
    pub fn stop(&self) {
        self.0.cancel();
    }
}

impl Consumer {
    pub(crate) fn memory(queue: &str, consumer: MemoryConsumer) -> Self {
        Self::new(queue, consumer.stop_token(), Source::Memory(consumer))
    }

    pub(crate) fn amqp(queue: &str, consumer: AmqpConsumer) -> Self {
        Self::new(queue, consumer.stop_token(), Source::Amqp(Box::new(consumer)))
    }

    fn new(queue: &str, stop: CancellationToken, source: Source) -> Self {
        let delivered = metrics::counter!("venturi_bus_delivered_total", "queue" => queue.to_owned());
        Self { stop, delivered, source }
    }

    /// The next delivery; `None` only after [`Consumer::stop`] or the bus's end. Cancel-safe: a future
    /// dropped while it waits loses nothing.
    pub async fn next(&mut self) -> Option<Delivery> {
        let delivery = match &mut self.source {
            Source::Memory(consumer) => consumer.next().await,
            Source::Amqp(consumer) => consumer.next().await,
        }?;
        self.delivered.increment(1);
        Some(delivery)
    }

    /// Ends the consumer: [`Consumer::next`] gives what it holds but has not handed out back to the queue
    /// and answers `None`. Deliveries already handed out may still be acknowledged.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// A handle that stops this consumer from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }
}
