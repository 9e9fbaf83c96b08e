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

use crate::{Boundary, boundary::RELAY, consumer::database_back, node::Parts};

type Published = (Uuid, Result<(), PublishError>);

/// What one relay has under way.
struct Relay {
    parts: Arc<Parts>,
    pending: FuturesUnordered<BoxFuture<'static, Published>>,
    /// Rows under way, so that one whose lease ran out meanwhile is not published beside itself.
    under_way: HashSet<Uuid>,
    /// Answers of the transport that are not recorded yet.
    answered: Vec<Published>,
}

/// Relays until told to stop, then waits for what is under way.
pub(crate) async fn run(parts: Arc<Parts>, stop: CancellationToken) {
    let (pending, under_way, answered) = (FuturesUnordered::new(), HashSet::new(), Vec::new());
    let mut relay = Relay { parts, pending, under_way, answered };
    while !stop.is_cancelled() {
        // What comes while the last round is young is taken up with the next: fewer, larger statements.
        let young = tokio::time::sleep(relay.parts.settings.gather);
        if let Err(error) = relay.round(&stop).await {
            tracing::warn!(%error, "relay interrupted");
            tokio::select! {
                () = stop.cancelled() => {}
                () = database_back(&relay.parts) => {}
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = young => {}
        }
    }
    loop {
        if let Err(error) = relay.settle().await {
            // Their leases run out and another relay publishes them again.
            tracing::warn!(%error, "confirmed messages stay in the outbox");
            return;
        }
        match relay.pending.next().await {
            Some(first) => relay.answered.push(first),
            None => return,
        }
    }
}

impl Relay {
    /// Records what was answered and leases what is due, then waits for an answer, a hint, or the poll.
    async fn round(&mut self, stop: &CancellationToken) -> Result<(), Error> {
        self.settle().await?;
        let under_way = u32::try_from(self.pending.len()).unwrap_or(u32::MAX);
        let room = self.parts.settings.in_flight.saturating_sub(under_way);
        if room > 0 && self.parts.bus.ready().is_ok() && self.lease(room).await? == room {
            // There may be more.
            return Ok(());
        }
        let parts = Arc::clone(&self.parts);
        tokio::select! {
            () = stop.cancelled() => {}
            Some(first) = self.pending.next() => self.answered.push(first),
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
        self.parts.faults.reach(Boundary::RelayLeased, RELAY).await;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        for row in rows {
            if self.under_way.insert(row.id) {
                self.pending.push(publish(Arc::clone(&self.parts), row).boxed());
            }
        }
        Ok(count)
    }

    /// Records every answer that is there.
    async fn settle(&mut self) -> Result<(), Error> {
        while let Some(Some(next)) = self.pending.next().now_or_never() {
            self.answered.push(next);
        }
        let (mut confirmed, mut failed) = (Vec::new(), Vec::new());
        for (row, outcome) in self.answered.drain(..) {
            self.under_way.remove(&row);
            match outcome {
                Ok(()) => confirmed.push(row),
                Err(reason) => {
                    tracing::warn!(%reason, outbox_row = %row, "publish failed; it will be tried again");
                    failed.push(row);
                }
            }
        }
        if !confirmed.is_empty() {
            self.parts.faults.reach(Boundary::RelayConfirmed, RELAY).await;
            outbox::confirm(&self.parts.app, &confirmed).await?;
            self.parts.faults.reach(Boundary::RelayDeleted, RELAY).await;
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
