//! Reading one queue of the broker through any number of connections.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt};
use lapin::{
    Acker, Channel,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Shared, backoff::Backoff, declare, link::Link, wire};
use crate::{AckError, Delivery, delivery};

/// How long the broker may take to end a subscription.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads one queue; subscribes when first asked, and again after every loss.
pub(crate) struct AmqpConsumer {
    shared: Arc<Shared>,
    queue: String,
    prefetch: u16,
    subscription: Option<Subscription>,
    stop: CancellationToken,
}

impl AmqpConsumer {
    pub(super) fn new(shared: Arc<Shared>, queue: &str, prefetch: u16) -> Self {
        let stop = shared.closed.child_token();
        Self { shared, queue: queue.to_owned(), prefetch, subscription: None, stop }
    }

    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        let stop = self.stop.clone();
        loop {
            if stop.is_cancelled() {
                if let Some(subscription) = self.subscription.take() {
                    subscription.end().await;
                }
                return None;
            }
            let Some(subscription) = &mut self.subscription else {
                self.subscription = stop.run_until_cancelled(self.subscribe()).await;
                continue;
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                delivery = subscription.next() => match delivery {
                    Some(delivery) => return Some(delivery),
                    None => self.subscription = None,
                },
            }
        }
    }

    async fn subscribe(&self) -> Subscription {
        let mut links = self.shared.link.subscribe();
        let mut backoff = Backoff::new(self.shared.options.reconnect_backoff_max);
        loop {
            // The sender lives as long as `shared`, so this cannot fail while we hold that.
            let link = links.wait_for(Option::is_some).await.ok().and_then(|link| link.clone());
            if let Some(link) = link {
                let opening = Subscription::open(&link, &self.shared, &self.queue, self.prefetch);
                match timeout(self.shared.options.connect_timeout, opening).await {
                    Ok(Ok(subscription)) => return subscription,
                    Ok(Err(error)) => tracing::warn!(queue = self.queue, %error, "subscribing failed"),
                    Err(_) => tracing::warn!(queue = self.queue, "subscribing took too long"),
                }
            }
            backoff.pause().await;
        }
    }
}

/// A subscription on a channel of its own. Dropped, it gives back what it holds.
struct Subscription {
    channel: Channel,
    stream: lapin::Consumer,
    lost: CancellationToken,
}

impl Subscription {
    async fn open(link: &Link, shared: &Shared, queue: &str, prefetch: u16) -> lapin::Result<Self> {
        let channel = link.open_channel().await?;
        // The queue may have been deleted since the link came up.
        if let Some(owner) = shared.topology.owner_of(queue) {
            declare::declare_queue(&channel, &shared.topology, owner).await?;
        }
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let name = declare::short(&shared.topology.qualified(queue))?;
        let options = BasicConsumeOptions::default();
        let stream = channel.basic_consume(name, "".into(), options, FieldTable::default()).await?;
        Ok(Self { channel, stream, lost: link.lost.clone() })
    }

    /// The next delivery; none once the subscription has ended. Cancel-safe.
    async fn next(&mut self) -> Option<Delivery> {
        let received = tokio::select! {
            biased;
            () = self.lost.cancelled() => return None,
            received = self.stream.next() => received?,
        };
        match received {
            Ok(message) => Some(self.deliver(message)),
            Err(error) => {
                tracing::debug!(%error, "the subscription ended");
                None
            }
        }
    }

    fn deliver(&self, message: lapin::message::Delivery) -> Delivery {
        let receipt =
            Receipt { acker: message.acker.clone(), lost: self.lost.clone(), _channel: self.channel.clone() };
        let redelivered = message.redelivered;
        let (envelope, malformed) = wire::envelope(message);
        Delivery::new(Arc::new(envelope), redelivered, malformed, delivery::Receipt::Amqp(receipt))
    }

    /// Asks the broker to send nothing more; what it had sent ahead goes back on drop.
    async fn end(self) {
        let cancelled = self.channel.basic_cancel(self.stream.tag(), BasicCancelOptions::default());
        // When this fails the channel is gone, and everything on it is back in the queue.
        let _ = timeout(CANCEL_TIMEOUT, cancelled).await;
    }
}

impl Drop for Subscription {
    /// Cancels first. Otherwise the broker goes on delivering here as long as a delivery keeps the channel open: what
    /// is returned comes back, and is returned again, until it counts as poison.
    fn drop(&mut self) {
        let cancel = BasicCancelOptions { nowait: true };
        let _ = self.channel.basic_cancel(self.stream.tag(), cancel).now_or_never();
        let held = std::iter::from_fn(|| self.stream.next().now_or_never().flatten());
        for message in held.flatten().collect::<Vec<_>>() {
            return_to_queue(&message.acker);
        }
    }
}

/// Settles one delivery; dropped unsettled, it returns the message. It keeps the channel open, since only
/// the channel a message came through can settle it.
pub(crate) struct Receipt {
    acker: Acker,
    lost: CancellationToken,
    _channel: Channel,
}

impl Receipt {
    /// On a connection that just broke, lapin may take an acknowledgement and never say what became of it.
    pub(crate) async fn ack(self) -> Result<(), AckError> {
        match self.lost.run_until_cancelled(self.acker.ack(BasicAckOptions::default())).await {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false) | Err(_)) | None => Err(AckError::Stale),
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        return_to_queue(&self.acker);
    }
}

/// Queues a negative acknowledgement without waiting for it: lapin sends the command in the first poll.
/// It does nothing for a message already settled, or whose channel is gone.
fn return_to_queue(acker: &Acker) {
    let requeue = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
    let _ = acker.nack(requeue).now_or_never();
}
