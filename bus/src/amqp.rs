//! The RabbitMQ transport, over lapin.
//!
//! One task (`link`) owns the connection and rebuilds all of it after any loss: lapin's own recovery stays
//! off. Publishers and consumers never see a connection, only the current link, and wait for the next one.
//! No credential and no body may reach a log line or an error from here.

mod backoff;
mod consumer;
mod declare;
mod ledger;
mod link;
mod options;
mod publisher;
mod wakes;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{broadcast, oneshot, watch},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use backoff::Backoff;
pub(crate) use consumer::{AmqpConsumer, Receipt};
use link::Link;
pub use options::AmqpOptions;
use publisher::{Outgoing, Request};

use crate::{Envelope, PublishError, Route, Topology, Wake, wake::WakeHub};

/// How often deleting the topology is tried.
const DELETE_ATTEMPTS: u32 = 6;

/// A publisher, a wake channel and any number of consumers over one connection at a time.
pub(crate) struct Amqp {
    shared: Arc<Shared>,
    _closes_on_drop: DropGuard,
}

/// What the tasks of one bus have in common.
struct Shared {
    options: AmqpOptions,
    topology: Topology,
    /// The connection in use; none while there is none.
    link: watch::Sender<Option<Arc<Link>>>,
    connected: watch::Sender<bool>,
    /// Why there is no link.
    fault: Mutex<String>,
    wakes: WakeHub,
    /// Marks this process's own wakes, which come back from the broker.
    origin: String,
    closed: CancellationToken,
    finished: CancellationToken,
}

impl Amqp {
    pub(crate) fn start(options: AmqpOptions, topology: Topology) -> Self {
        let shared = Arc::new(Shared {
            options,
            topology,
            link: watch::Sender::new(None),
            connected: watch::Sender::new(false),
            fault: Mutex::new("not connected yet".to_owned()),
            wakes: WakeHub::default(),
            origin: Uuid::from_u128(rand::random()).to_string(),
            closed: CancellationToken::new(),
            finished: CancellationToken::new(),
        });
        tokio::spawn(link::supervise(shared.clone()));
        let _closes_on_drop = shared.closed.clone().drop_guard();
        Self { shared, _closes_on_drop }
    }

    pub(crate) async fn publish(&self, route: Route<'_>, envelope: &Envelope) -> Result<(), PublishError> {
        let link = self.shared.current().ok_or_else(|| self.shared.unavailable())?;
        let message = Outgoing::new(&self.shared.topology, route, envelope)?;
        let (reply, confirmed) = oneshot::channel();
        let confirm = async {
            let sent = link.publisher.send(Request { message, reply }).await;
            sent.map_err(|_| self.shared.unavailable())?;
            confirmed.await.unwrap_or_else(|_| Err(self.shared.unavailable()))
        };
        timeout(self.shared.options.confirm_timeout, confirm).await.unwrap_or(Err(PublishError::Timeout))
    }

    pub(crate) fn consume(&self, queue: &str, prefetch: u16) -> AmqpConsumer {
        AmqpConsumer::new(self.shared.clone(), queue, prefetch)
    }

    pub(crate) fn wake(&self, key: &str) {
        self.shared.wakes.announce(key);
        if let Some(link) = self.shared.current() {
            // Full or gone: a wake may be lost.
            let _ = link.wakes.try_send(key.to_owned());
        }
    }

    pub(crate) fn wakes(&self) -> broadcast::Receiver<Wake> {
        self.shared.wakes.subscribe()
    }

    pub(crate) fn ready(&self) -> Result<(), String> {
        self.shared.current().map(drop).ok_or_else(|| self.shared.fault())
    }

    pub(crate) fn changes(&self) -> watch::Receiver<bool> {
        self.shared.connected.subscribe()
    }

    pub(crate) async fn close(&self) {
        self.shared.closed.cancel();
        self.shared.finished.cancelled().await;
    }

    /// Tries more than once: the broker may fail internally, and drop the connection with that, while a
    /// consumer is leaving the queue it is to delete.
    pub(crate) async fn delete_topology(&self) -> Result<(), String> {
        let mut backoff = Backoff::new(self.shared.options.reconnect_backoff_max);
        let mut outcome = self.try_delete().await;
        for _ in 1..DELETE_ATTEMPTS {
            if outcome.is_ok() {
                break;
            }
            backoff.pause().await;
            outcome = self.try_delete().await;
        }
        outcome
    }

    async fn try_delete(&self) -> Result<(), String> {
        let link = self.shared.current().ok_or_else(|| self.shared.fault())?;
        let channel = link.open_channel().await.map_err(|error| error.to_string())?;
        declare::delete(&channel, &self.shared.topology).await.map_err(|error| error.to_string())
    }
}

impl Shared {
    fn current(&self) -> Option<Arc<Link>> {
        self.link.borrow().clone()
    }

    fn fault(&self) -> String {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn unavailable(&self) -> PublishError {
        PublishError::Unavailable(self.fault())
    }

    /// Messages can flow.
    fn connect(&self, link: Arc<Link>) {
        self.link.send_replace(Some(link));
        self.connected.send_replace(true);
        metrics::gauge!("venturi_bus_connected").set(1.0);
    }

    /// Messages cannot flow, and why.
    fn disconnect(&self, reason: &str) {
        reason.clone_into(&mut self.fault.lock().unwrap_or_else(PoisonError::into_inner));
        self.link.send_replace(None);
        self.connected.send_replace(false);
        metrics::gauge!("venturi_bus_connected").set(0.0);
    }
}
