//! Pages of what waits for the viewer. A page has the rows of several roles and kinds of thing, so it is not a list of one table.

use app::query::{
    page::{Page, PageRequest},
    waiting::{self, Count, Filter, Waiting},
};
use async_graphql::{Context, Object, connection::PageInfo};
use tokio::sync::OnceCell;

use super::{WaitingFilter, WaitingItem};
use crate::{error::problem, list::page_info, session::session};

/// A page of what waits for the viewer.
pub(crate) struct WaitingConnection {
    filter: Filter,
    page: Page<Waiting>,
    counted: OnceCell<Count>,
}

/// An item of the page, with its cursor.
pub(crate) struct WaitingEdge<'a>(&'a str, &'a Waiting);

impl WaitingConnection {
    pub(crate) async fn read(
        ctx: &Context<'_>,
        filter: Option<WaitingFilter>,
        request: PageRequest,
    ) -> async_graphql::Result<Self> {
        let filter = filter.unwrap_or_default().checked()?;
        let session = session(ctx)?;
        // Boxed for the reason given at `Session::load`.
        let page = Box::pin(waiting::page(session.app(), session.actor()?, &filter, &request)).await;
        Ok(Self { filter, page: page.map_err(|e| problem(&e))?, counted: OnceCell::new() })
    }

    async fn count(&self, ctx: &Context<'_>) -> async_graphql::Result<Count> {
        let session = session(ctx)?;
        let actor = session.actor()?;
        let count = || Box::pin(waiting::count(session.app(), actor, &self.filter));
        self.counted.get_or_try_init(count).await.copied().map_err(|e| problem(&e))
    }
}

/// One page of what waits for the viewer, most urgent first.
#[Object]
impl WaitingConnection {
    /// The items of the page with their cursors.
    async fn edges(&self) -> Vec<WaitingEdge<'_>> {
        self.page.rows.iter().map(|(cursor, waiting)| WaitingEdge(cursor, waiting)).collect()
    }

    /// The items of the page.
    async fn nodes(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WaitingItem>> {
        self.page.rows.iter().map(|(_, waiting)| WaitingItem::of(ctx, waiting)).collect()
    }

    /// Whether there are items before and after the page, and the cursors at its ends.
    async fn page_info(&self) -> PageInfo {
        page_info(&self.page)
    }

    /// Number of items in all pages, at most 1,000. It is counted only when the field is requested.
    async fn total_count(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(i64::try_from(self.count(ctx).await?.total).unwrap_or(i64::MAX))
    }

    /// Whether `totalCount` is exact. False: there are more than 1,000 items.
    async fn total_count_is_exact(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(self.count(ctx).await?.is_exact)
    }
}

/// One item of a page, with its cursor.
#[Object]
impl WaitingEdge<'_> {
    /// Position of the item, for the arguments `after` and `before`. It is valid with the same filter only.
    async fn cursor(&self) -> &str {
        self.0
    }

    /// The item.
    async fn node(&self, ctx: &Context<'_>) -> async_graphql::Result<WaitingItem> {
        WaitingItem::of(ctx, self.1)
    }
}
