//! The subscription to what waits for the viewer.

use std::time::Duration;

use app::{
    App,
    hints::Change,
    query::waiting::{self, Count, Filter},
};
use async_graphql::{Context, SimpleObject, Subscription};
use futures_util::{Stream, stream};
use tokio::{sync::broadcast, time::Instant};

use crate::{error::problem, session::session, subscription::Caller};

/// The longest time that a change goes unseen when its hint was lost.
const POLL: Duration = Duration::from_secs(10);
/// The least time between two values: changes that come closer together are told together.
const GATHER: Duration = Duration::from_millis(250);

/// How much waits for the viewer.
#[derive(SimpleObject)]
pub(crate) struct WaitingChange {
    /// Number of items that wait for the viewer, at most 1,000.
    total_count: i64,
    /// Whether `totalCount` is exact. False: more than 1,000 items wait.
    total_count_is_exact: bool,
}

/// Subscriptions to what waits for the viewer.
#[derive(Default)]
pub(crate) struct WaitingSubscription;

/// Subscriptions to what waits for the viewer.
#[Subscription]
impl WaitingSubscription {
    /// Sends how much waits for the viewer, and again whenever something else waits for one of their roles. Read
    /// `viewer.waiting` again to see what.
    async fn waiting_changed(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<WaitingChange>> + use<>> {
        let session = session(ctx)?;
        let watch = Watch {
            app: session.app().clone(),
            hints: session.app().hints().changes(),
            caller: Caller::of(session)?,
            told: None,
        };
        Ok(stream::try_unfold(watch, |mut watch| async move { Ok(Some((watch.next().await?, watch))) }))
    }
}

/// One viewer watching what waits for them.
struct Watch {
    app: App,
    caller: Caller,
    hints: broadcast::Receiver<Change>,
    /// What was told last, and when.
    told: Option<(Count, Instant)>,
}

impl Watch {
    /// The next value, however long it takes.
    async fn next(&mut self) -> async_graphql::Result<WaitingChange> {
        loop {
            let hinted = match self.told {
                None => true,
                Some((_, at)) => {
                    tokio::time::sleep_until(at + GATHER).await;
                    self.hinted().await
                }
            };
            self.caller.authorise().await?;
            let count = waiting::count(&self.app, self.caller.actor(), &Filter::default()).await;
            let count = count.map_err(|e| problem(&e))?;
            let before = self.told.map(|(count, _)| count);
            self.told = Some((count, Instant::now()));
            // A hint says that something else waits, though it may be as much as before.
            if hinted || before != Some(count) {
                let total_count = i64::try_from(count.total).unwrap_or(i64::MAX);
                return Ok(WaitingChange { total_count, total_count_is_exact: count.is_exact });
            }
        }
    }

    /// Resolves when something else waits for a role of the viewer, or may: false.
    async fn hinted(&mut self) -> bool {
        let actor = self.caller.actor().clone();
        let hinted = async {
            loop {
                match self.hints.recv().await {
                    Ok(change) => {
                        let held = actor.roles_in(change.portfolio);
                        if change.roles.iter().any(|role| held.contains(role)) {
                            return true;
                        }
                    }
                    Err(_) => return false,
                }
            }
        };
        tokio::time::timeout(POLL, hinted).await.unwrap_or(false)
    }
}
