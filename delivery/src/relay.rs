//! The relay: from the outbox to the bus. Rows are leased, published many at a time, and deleted once the
//! transport has confirmed them. No transaction is open while a confirm is awaited.

use std::{collections::HashSet, sync::Arc};

use app::{
    Error,
    messages::outbox::{self, Leased},
};
use bus::{Envelope, PublishError, Route};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Boundary, consumer::database_back, node::Parts};

type Published = (Uuid, Result<(), PublishError>);

/// What one relay has under way.
struct Relay {
    parts: Arc<Parts>,
    pending: FuturesUnordered<BoxFuture<'static, Published>>,
    /// Rows under way, so that one whose lease ran out meanwhile is not published beside itself.
    under_way: HashSet<Uuid>,
}

/// Relays until told to stop, then waits for what is under way.
pub(crate) async fn run(parts: Arc<Parts>, stop: CancellationToken) {
    let mut relay = Relay { parts, pending: FuturesUnordered::new(), under_way: HashSet::new() };
    while !stop.is_cancelled() {
        if let Err(error) = relay.step(&stop).await {
            tracing::warn!(%error, "relay interrupted");
            tokio::select! {
                () = stop.cancelled() => {}
                () = database_back(&relay.parts) => {}
            }
        }
    }
    while let Some(first) = relay.pending.next().await {
        if let Err(error) = relay.settle(first).await {
            // Their leases run out and another relay publishes them again.
            tracing::warn!(%error, "confirmed messages stay in the outbox");
            return;
        }
    }
}

impl Relay {
    /// Leases what is due, or waits for a confirm, a hint, or the poll.
    async fn step(&mut self, stop: &CancellationToken) -> Result<(), Error> {
        let room = self
            .parts
            .settings
            .in_flight
            .saturating_sub(u32::try_from(self.pending.len()).unwrap_or(u32::MAX));
        let leased = if room > 0 && self.parts.bus.ready().is_ok() { self.lease(room).await? } else { 0 };
        if leased > 0 && leased == room {
            // There may be more, but first make room without waiting.
            if let Some(Some(first)) = self.pending.next().now_or_never() {
                self.settle(first).await?;
            }
            return Ok(());
        }
        let parts = Arc::clone(&self.parts);
        tokio::select! {
            () = stop.cancelled() => {}
            Some(first) = self.pending.next() => self.settle(first).await?,
            () = parts.app.hints().outbox(), if room > 0 => {}
            () = tokio::time::sleep(parts.settings.poll) => {}
        }
        Ok(())
    }

    /// Leases up to `room` rows and starts to publish them; gives how many there were.
    async fn lease(&mut self, room: u32) -> Result<u32, Error> {
        let rows = outbox::lease(&self.parts.app, room, self.parts.settings.lease()).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        self.parts.faults.reach(Boundary::RelayLeased).await;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        for row in rows {
            if self.under_way.insert(row.id) {
                self.pending.push(publish(Arc::clone(&self.parts), row).boxed());
            }
        }
        Ok(count)
    }

    /// Records one answer and all others that are there already.
    async fn settle(&mut self, first: Published) -> Result<(), Error> {
        let (mut confirmed, mut failed) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some((row, outcome)) = next {
            self.under_way.remove(&row);
            match outcome {
                Ok(()) => confirmed.push(row),
                Err(reason) => {
                    tracing::warn!(%reason, outbox_row = %row, "publish failed; it will be tried again");
                    failed.push(row);
                }
            }
            next = self.pending.next().now_or_never().flatten();
        }
        if !confirmed.is_empty() {
            self.parts.faults.reach(Boundary::RelayConfirmed).await;
            outbox::confirm(&self.parts.app, &confirmed).await?;
            self.parts.faults.reach(Boundary::RelayDeleted).await;
        }
        let again = self.parts.app.clock().now() + self.parts.settings.backoff(1);
        outbox::release(&self.parts.app, &failed, again).await
    }
}

async fn publish(parts: Arc<Parts>, row: Leased) -> Published {
    let envelope = Envelope {
        id: row.draft.message_id,
        kind: row.draft.kind,
        body: row.draft.body.into_bytes().into(),
        headers: row.draft.headers,
        attempt: row.draft.attempt,
    };
    let route = row.draft.queue.as_deref().map_or(Route::Kind, Route::Queue);
    (row.id, parts.bus.publish(route, &envelope).await)
}
