//! Wakes between processes: unconfirmed, transient, through a queue of this process's own.

use std::sync::Arc;

use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Consumer,
    options::{BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Shared, declare::short};

/// The wake channel of one link.
pub(super) struct Waking {
    shared: Arc<Shared>,
    channel: Channel,
    incoming: Consumer,
    exchange: ShortString,
    origin: ShortString,
}

impl Waking {
    pub(super) async fn open(channel: Channel, shared: Arc<Shared>) -> lapin::Result<Self> {
        let exchange = short(&shared.topology.wakes_exchange())?;
        let origin = short(&shared.origin)?;
        let own = QueueDeclareOptions::exclusive().auto_delete();
        let queue = channel.queue_declare("".into(), own, FieldTable::default()).await?;
        let name = queue.name().clone();
        let unkeyed = ShortString::default();
        let binding = QueueBindOptions::default();
        channel.queue_bind(name.clone(), exchange.clone(), unkeyed, binding, FieldTable::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let incoming = channel.basic_consume(name, "".into(), options, FieldTable::default()).await?;
        Ok(Self { shared, channel, incoming, exchange, origin })
    }

    /// Carries wakes both ways until the link is lost.
    pub(super) async fn run(mut self, mut keys: mpsc::Receiver<String>, lost: CancellationToken) {
        let _ends_link = lost.clone().drop_guard();
        loop {
            tokio::select! {
                () = lost.cancelled() => return,
                key = keys.recv() => match key {
                    Some(key) if self.send(&key).await.is_ok() => {}
                    _ => return,
                },
                received = self.incoming.next() => match received {
                    Some(Ok(message)) => self.receive(&message),
                    _ => return,
                },
            }
        }
    }

    async fn send(&self, key: &str) -> lapin::Result<()> {
        let properties = BasicProperties::default().with_app_id(self.origin.clone());
        let (exchange, options) = (self.exchange.clone(), BasicPublishOptions::default());
        let sent = self.channel.basic_publish(exchange, "".into(), options, key.as_bytes(), properties).await;
        sent.map(drop)
    }

    /// This process heard its own wakes already.
    fn receive(&self, message: &lapin::message::Delivery) {
        let ours = message.properties.app_id().as_ref() == Some(&self.origin);
        if let (false, Ok(key)) = (ours, std::str::from_utf8(&message.data)) {
            self.shared.wakes.announce(key);
        }
    }
}
