//! Wakes between processes: unconfirmed, transient, through a queue of each listening process's own. The
//! first goes out at once; those that follow closely go together, each key once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Consumer,
    options::{BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Shared, declare::short};

/// The least time between two messages of wakes.
const GATHER: Duration = Duration::from_millis(10);
/// The most keys of one message.
const MAX_KEYS: usize = 256;
/// What stands between two keys of a message.
const SEPARATOR: char = '\n';

/// The wake channel of one link.
pub(super) struct Waking {
    shared: Arc<Shared>,
    channel: Channel,
    /// None where nobody listens.
    incoming: Option<Consumer>,
    exchange: ShortString,
    origin: ShortString,
}

impl Waking {
    pub(super) async fn open(channel: Channel, shared: Arc<Shared>) -> lapin::Result<Self> {
        let exchange = short(&shared.topology.wakes_exchange())?;
        let origin = short(&shared.origin)?;
        let incoming =
            if shared.options.hears_wakes { Some(Self::listen(&channel, &exchange).await?) } else { None };
        Ok(Self { shared, channel, incoming, exchange, origin })
    }

    async fn listen(channel: &Channel, exchange: &ShortString) -> lapin::Result<Consumer> {
        let own = QueueDeclareOptions::exclusive().auto_delete();
        let queue = channel.queue_declare("".into(), own, FieldTable::default()).await?;
        let name = queue.name().clone();
        let unkeyed = ShortString::default();
        let binding = QueueBindOptions::default();
        channel.queue_bind(name.clone(), exchange.clone(), unkeyed, binding, FieldTable::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        channel.basic_consume(name, "".into(), options, FieldTable::default()).await
    }

    /// Carries wakes both ways until the link is lost.
    pub(super) async fn run(mut self, mut keys: mpsc::Receiver<String>, lost: CancellationToken) {
        let _ends_link = lost.clone().drop_guard();
        let (mut gathered, mut next) = (BTreeSet::new(), Instant::now());
        loop {
            tokio::select! {
                () = lost.cancelled() => return,
                key = keys.recv(), if gathered.len() < MAX_KEYS => match key {
                    Some(key) => drop(gathered.insert(key)),
                    None => return,
                },
                () = sleep_until(next), if !gathered.is_empty() => {
                    if self.send(std::mem::take(&mut gathered)).await.is_err() {
                        return;
                    }
                    next = Instant::now() + GATHER;
                }
                received = hear(&mut self.incoming) => match received {
                    Some(Ok(message)) => self.receive(&message),
                    _ => return,
                },
            }
        }
    }

    async fn send(&self, keys: BTreeSet<String>) -> lapin::Result<()> {
        let properties = BasicProperties::default().with_app_id(self.origin.clone());
        let (exchange, options) = (self.exchange.clone(), BasicPublishOptions::default());
        let body = keys.into_iter().collect::<Vec<_>>().join(&SEPARATOR.to_string());
        let sent =
            self.channel.basic_publish(exchange, "".into(), options, body.as_bytes(), properties).await;
        sent.map(drop)
    }

    /// This process heard its own wakes already.
    fn receive(&self, message: &lapin::message::Delivery) {
        let ours = message.properties.app_id().as_ref() == Some(&self.origin);
        if let (false, Ok(keys)) = (ours, std::str::from_utf8(&message.data)) {
            keys.split(SEPARATOR).for_each(|key| self.shared.wakes.announce(key));
        }
    }
}

/// The next message; never where nobody listens.
async fn hear(incoming: &mut Option<Consumer>) -> Option<lapin::Result<lapin::message::Delivery>> {
    match incoming {
        Some(incoming) => incoming.next().await,
        None => std::future::pending().await,
    }
}
