//! Sweeps: timers that are due are leased, and each is settled in a transaction of its own, which also
//! removes or moves the timer. No message is written for a timer.

use std::{sync::Arc, time::Duration};

use app::{Actor, Context, Error, Request, messages::due};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::{Boundary, consumer::database_back, node::Parts};

/// What is done when a timer is due.
#[async_trait]
pub trait Sweep: Send + Sync {
    /// Its name in snake case: the `sweep` column of its timers, and the agent of what it does.
    fn name(&self) -> &'static str;

    /// How often it is due by itself, for a sweep that no record sets a timer for.
    fn every(&self) -> Option<Duration> {
        None
    }

    /// Settles one timer within a transaction. Doing it again must change nothing.
    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error>;
}

/// What becomes of a settled timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is over.
    Never,
    /// It is due again.
    At(DateTime<Utc>),
}

/// Takes up a sweep's timers until told to stop.
pub(crate) async fn run(parts: Arc<Parts>, sweep: Arc<dyn Sweep>, stop: CancellationToken) {
    let mut standing = sweep.every().is_some();
    while !stop.is_cancelled() {
        let swept = async {
            if standing {
                due::ensure(&parts.app, sweep.name(), Uuid::nil(), parts.app.clock().now()).await?;
                standing = false;
            }
            round(&parts, &*sweep, &stop).await
        };
        match swept.await {
            Ok(0) => {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = parts.app.hints().timers() => {}
                    () = tokio::time::sleep(parts.settings.poll) => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, sweep = sweep.name(), "sweep interrupted");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = database_back(&parts) => {}
                }
            }
        }
    }
}

/// Leases what is due and settles it; gives how many timers there were.
async fn round(parts: &Parts, sweep: &dyn Sweep, stop: &CancellationToken) -> Result<usize, Error> {
    let leased =
        due::lease(&parts.app, sweep.name(), parts.settings.sweep_batch, parts.settings.lease()).await?;
    if !leased.is_empty() {
        parts.faults.reach(Boundary::SweepLeased, sweep.name()).await;
    }
    let mut settled = 0;
    for timer in &leased {
        if stop.is_cancelled() {
            break;
        }
        let span = tracing::info_span!("sweep", sweep = sweep.name(), key = %timer.key);
        match settle(parts, sweep, timer.key).instrument(span).await {
            Ok(()) => {}
            Err(Error::Unavailable(reason)) => return Err(Error::Unavailable(reason)),
            Err(error) => {
                let at = parts.app.clock().now() + parts.settings.backoff(timer.attempt + 1);
                tracing::error!(%error, sweep = sweep.name(), key = %timer.key, next = %at, "timer not settled");
                due::postpone(&parts.app, sweep.name(), timer.key, at).await?;
            }
        }
        settled += 1;
    }
    Ok(settled)
}

async fn settle(parts: &Parts, sweep: &dyn Sweep, key: Uuid) -> Result<(), Error> {
    let request = Request::by(Actor::Agent(sweep.name().to_owned()));
    let mut cx = parts.app.begin(&request).await?;
    match sweep.settle(&mut cx, key).await? {
        Next::Never => cx.unschedule(sweep.name(), key).await?,
        Next::At(at) => cx.schedule(sweep.name(), key, at).await?,
    }
    parts.faults.reach(Boundary::SweepSettled, sweep.name()).await;
    cx.commit().await?;
    parts.faults.reach(Boundary::SweepCommitted, sweep.name()).await;
    metrics::counter!("venturi_timers_settled_total", "sweep" => sweep.name()).increment(1);
    Ok(())
}
