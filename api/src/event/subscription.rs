//! Subscriptions to events.

use std::collections::VecDeque;

use app::query;
use async_graphql::{Context, ID, SimpleObject, Subscription};
use domain::{RootId, id::Id};
use futures_util::{Stream, stream};

use super::{Event, Reads};
use crate::{
    error::problem,
    global_id::{Kind, encode, expect},
    session::session,
    subscription::Watch,
};

/// Subscriptions to events.
#[derive(Default)]
pub(crate) struct EventSubscription;

/// Subscriptions to events.
#[Subscription]
impl EventSubscription {
    /// Sends the events of a venture's history, each once and in order: first the recorded events after `after`, then
    /// each new event. After a reconnect, pass the last `sequence` as `after`, and no event is missed.
    async fn venture_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the venture.")] venture_id: ID,
        #[graphql(desc = "Only events with a greater sequence number. 0: all events.", default = 0)]
        after: i64,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Event>> + use<>> {
        let session = session(ctx)?;
        let key = expect(Kind::Venture, &venture_id)?;
        let watch = Watch::start(session, async {
            let found = query::batch::ventures(session.app(), &session.scope()?, &[key]).await;
            let found = found.map_err(|e| problem(&e))?;
            Ok(found.get(&key).map(|venture| (venture.id.into(), venture.portfolio_id.uuid())))
        });
        Events::stream(ctx, watch.await?, after)
    }

    /// Sends the events of a portfolio's own history, each once and in order: first the recorded events after `after`,
    /// then each new event. After a reconnect, pass the last `sequence` as `after`, and no event is missed. Events of
    /// ventures are in the histories of the ventures.
    async fn portfolio_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the portfolio.")] portfolio_id: ID,
        #[graphql(desc = "Only events with a greater sequence number. 0: all events.", default = 0)]
        after: i64,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Event>> + use<>> {
        Events::stream(ctx, watch_portfolio(ctx, &portfolio_id).await?, after)
    }

    /// Sends a value whenever a venture of the portfolio, or the portfolio itself, has changed. The values have no
    /// numbers and are not kept: after a reconnect, read the board again.
    async fn portfolio_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the portfolio.")] portfolio_id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<PortfolioChange>> + use<>> {
        let watch = watch_portfolio(ctx, &portfolio_id).await?;
        Ok(stream::try_unfold(watch, |mut watch| async move {
            let root = watch.changed_within().await;
            watch.authorise().await?;
            let venture_id = root.and_then(RootId::venture).map(|id| encode(Kind::Venture, id.uuid()));
            Ok(Some((PortfolioChange { venture_id, missed: root.is_none() }, watch)))
        }))
    }
}

/// A change in a portfolio.
#[derive(SimpleObject)]
pub(crate) struct PortfolioChange {
    /// Global id of the venture that changed. Null when the portfolio itself changed, and when `missed` is true.
    venture_id: Option<ID>,
    /// Whether changes were missed because there were too many at once. True: read the board again.
    missed: bool,
}

async fn watch_portfolio(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Watch> {
    let session = session(ctx)?;
    let key = expect(Kind::Portfolio, id)?;
    let watch = Watch::start(session, async {
        let reached = session.scope()?.reaches(key);
        Ok(reached.then(|| (RootId::Portfolio(Id::new(key)), key)))
    });
    watch.await
}

/// A root's events from a number on.
struct Events {
    watch: Watch,
    after: i64,
    reads: Reads,
    read: VecDeque<Event>,
}

impl Events {
    fn stream(
        ctx: &Context<'_>,
        watch: Watch,
        after: i64,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Event>> + use<>> {
        let events = Self { watch, after, reads: ctx.data::<Reads>()?.clone(), read: VecDeque::new() };
        Ok(stream::try_unfold(events, |mut events| async move { Ok(Some((events.next().await?, events))) }))
    }

    /// The next event, however long it takes.
    async fn next(&mut self) -> async_graphql::Result<Event> {
        loop {
            self.watch.authorise().await?;
            if let Some(event) = self.read.pop_front() {
                self.after = event.0.sequence;
                return Ok(event);
            }
            let found = self.reads.after(self.watch.app(), self.watch.root(), self.after).await;
            self.read.extend(found.map_err(|e| problem(&e))?);
            if self.read.is_empty() {
                self.watch.changed().await;
            }
        }
    }
}
