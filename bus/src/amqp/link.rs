//! One connection with its tasks, and the loop that replaces it whenever anything in it breaks.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use lapin::{Channel, Connection, Event, options::ConfirmSelectOptions};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Shared, backoff::Backoff, declare, publisher, publisher::Request, wakes};

/// How often the connection is looked at besides its events.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

/// How long a connection may take to close before it is abandoned.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How many publishes and wakes may wait for their task.
const BACKLOG: usize = 1024;

/// A connection that worked when it was made. Once `lost` is cancelled it never works again.
pub(super) struct Link {
    connection: Connection,
    pub(super) publisher: mpsc::Sender<Request>,
    pub(super) wakes: mpsc::Sender<String>,
    pub(super) lost: CancellationToken,
}

/// Keeps one link up until the bus is closed.
pub(super) async fn supervise(shared: Arc<Shared>) {
    let mut backoff = Backoff::new(shared.options.reconnect_backoff_max);
    let mut was_connected = false;
    while !shared.closed.is_cancelled() {
        match shared.closed.run_until_cancelled(Link::establish(&shared)).await {
            None => break,
            Some(Ok(link)) => {
                if std::mem::replace(&mut was_connected, true) {
                    metrics::counter!("venturi_bus_reconnects_total").increment(1);
                }
                tracing::info!("connected to the broker");
                backoff.reset();
                shared.connect(link.clone());
                shared.closed.run_until_cancelled(link.lost.cancelled()).await;
                shared.disconnect("the connection to the broker was lost");
                link.close().await;
            }
            Some(Err(reason)) => shared.disconnect(&reason),
        }
        if !shared.closed.is_cancelled() {
            tracing::warn!(reason = shared.fault(), "no connection to the broker: trying again");
            shared.closed.run_until_cancelled(backoff.pause()).await;
        }
    }
    shared.disconnect("the bus is closed");
    shared.finished.cancel();
}

impl Link {
    async fn establish(shared: &Arc<Shared>) -> Result<Arc<Self>, String> {
        let uri = shared.options.uri()?;
        let connecting = async {
            let connection = Connection::connect_uri(uri, shared.options.properties()).await?;
            Self::furnish(connection, shared).await
        };
        match timeout(shared.options.connect_timeout, connecting).await {
            Ok(link) => {
                link.map(Arc::new).map_err(|error| format!("connecting to the broker failed: {error}"))
            }
            Err(_) => Err("connecting to the broker took too long".to_owned()),
        }
    }

    /// Declares the topology and starts the tasks of a fresh connection.
    async fn furnish(connection: Connection, shared: &Arc<Shared>) -> lapin::Result<Self> {
        let lost = CancellationToken::new();
        let events = connection.events_listener();
        let publishing = connection.create_channel().await?;
        declare::declare(&publishing, &shared.topology).await?;
        publishing.confirm_select(ConfirmSelectOptions::default()).await?;
        let waking = wakes::Waking::open(connection.create_channel().await?, shared.clone()).await?;

        let (publisher, requests) = mpsc::channel(BACKLOG);
        let (wakes, keys) = mpsc::channel(BACKLOG);
        let status = connection.status().clone();
        tokio::spawn(watch(events, move || status.connected(), lost.clone()));
        tokio::spawn(publisher::run(publishing, requests, lost.clone()));
        tokio::spawn(waking.run(keys, lost.clone()));
        Ok(Self { connection, publisher, wakes, lost })
    }

    /// A channel of one's own.
    pub(super) async fn open_channel(&self) -> lapin::Result<Channel> {
        self.connection.create_channel().await
    }

    async fn close(&self) {
        self.lost.cancel();
        // A connection that is already gone cannot be closed, and need not be.
        let _ = timeout(CLOSE_TIMEOUT, self.connection.close(200, "OK".into())).await;
    }
}

/// Ends the link when the connection reports an error, or is found dead.
async fn watch(
    events: impl Stream<Item = Event> + Send + 'static,
    alive: impl Fn() -> bool + Send + 'static,
    lost: CancellationToken,
) {
    let _ends_link = lost.clone().drop_guard();
    let mut events = std::pin::pin!(events);
    let mut checks = interval(CHECK_PERIOD);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = lost.cancelled() => return,
            event = events.next() => match event {
                Some(Event::Error(error)) => {
                    tracing::debug!(%error, "the connection failed");
                    return;
                }
                Some(Event::ConnectionBlocked(reason)) => tracing::warn!(reason, "the broker takes no publishes"),
                Some(_) => {}
                None => return,
            },
            _ = checks.tick() => if !alive() { return },
        }
    }
}
