//! A node: one process's part in delivery. Started once, drained on SIGTERM.

use std::{sync::Arc, time::Duration};

use app::{App, hints::Change};
use bus::Bus;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Faults, Settings, Worker, consumer, relay, sweep};

/// What all tasks of a node share.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) app: App,
    pub(crate) bus: Bus,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
}

/// One process's part in delivery, not yet started.
pub struct Node {
    parts: Parts,
    workers: Vec<Worker>,
}

/// A node at work.
pub struct Running {
    bus: Bus,
    taking: CancellationToken,
    relaying: CancellationToken,
    consumers: JoinSet<()>,
    relays: JoinSet<()>,
}

impl Node {
    /// A node that relays, and does no more unless workers are added.
    pub fn new(app: App, bus: Bus) -> Self {
        let parts = Parts { app, bus, settings: Settings::default(), faults: Faults::default() };
        Self { parts, workers: Vec::new() }
    }

    /// Paced otherwise.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.parts.settings = settings;
        self
    }

    /// With something happening at boundaries.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.parts.faults = faults;
        self
    }

    /// With workers in it.
    #[must_use]
    pub fn with_workers(mut self, workers: impl IntoIterator<Item = Worker>) -> Self {
        self.workers.extend(workers);
        self
    }

    /// Starts its tasks.
    pub fn start(self) -> Running {
        let parts = Arc::new(self.parts);
        let mut running = Running {
            bus: parts.bus.clone(),
            taking: CancellationToken::new(),
            relaying: CancellationToken::new(),
            consumers: JoinSet::new(),
            relays: JoinSet::new(),
        };
        let (taking, relaying) = (running.taking.clone(), running.relaying.clone());
        running.relays.spawn(relay::run(Arc::clone(&parts), relaying.clone()));
        running.relays.spawn(forward(Arc::clone(&parts), relaying));
        for worker in self.workers.into_iter().map(Arc::new) {
            for sweep in worker.sweeps() {
                running.consumers.spawn(sweep::run(parts.clone(), Arc::clone(sweep), taking.clone()));
            }
            // A worker of timers alone has no queue.
            if worker.has_messages() {
                running.consumers.spawn(consumer::run(parts.clone(), Arc::clone(&worker), taking.clone()));
                running.consumers.spawn(consumer::run_poison(parts.clone(), worker, taking.clone()));
            }
        }
        running
    }
}

impl Running {
    /// Takes nothing new, finishes what it has, and closes the bus. What is not finished after
    /// `deadline` is dropped and comes again elsewhere.
    pub async fn drain(mut self, deadline: Duration) {
        let finished = async {
            self.taking.cancel();
            while self.consumers.join_next().await.is_some() {}
            self.relaying.cancel();
            while self.relays.join_next().await.is_some() {}
        };
        if tokio::time::timeout(deadline, finished).await.is_err() {
            tracing::warn!("some messages were under way at the deadline; they will come again");
        }
        self.bus.close().await;
    }

    /// Ends at once, in the middle of whatever it does, as a kill would.
    pub async fn kill(mut self) {
        self.consumers.shutdown().await;
        self.relays.shutdown().await;
        self.bus.close().await;
    }
}

/// Passes hints of changed roots between this process and the others.
async fn forward(parts: Arc<Parts>, stop: CancellationToken) {
    let mut ours = parts.app.hints().committed();
    let mut theirs = parts.bus.wakes();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            // Hints lost to a slow loop are made up for by the subscribers' polling.
            Ok(change) = ours.recv() => parts.bus.wake(&change.to_string()),
            Ok(wake) = theirs.recv() => {
                if let Ok(change) = wake.key.parse::<Change>() {
                    parts.app.hints().announce(change);
                }
            }
        }
    }
}
