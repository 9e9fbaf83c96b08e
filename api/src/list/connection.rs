//! Relay's connections over any list.

use std::{borrow::Cow, sync::Arc};

use app::{
    Scope,
    query::{
        list::{self, Asked, Count, List},
        page::Page,
    },
};
use async_graphql::{Context, Object, TypeName, connection::PageInfo};
use futures_util::FutureExt;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::Listing;
use crate::{
    error::{not_found, problem},
    loader::{CountOf, PageOf},
    record::FromRow,
    session::session,
};

/// A page of a list.
pub(crate) struct Connection<L: Listing> {
    page: Arc<Page<Arc<L::Row>>>,
    of: Of<L>,
    filter: L::Filter,
    counted: OnceCell<Count>,
}

/// Whose list it is.
enum Of<L: List> {
    /// All records within a scope.
    Scope(Scope),
    /// The records that belong to a record.
    Parent(L::Parent, Uuid),
}

/// A row of a page.
pub(crate) struct Edge<L: Listing> {
    cursor: String,
    row: Arc<L::Row>,
}

impl<L: Listing> Connection<L> {
    /// A page of the records within a scope.
    pub(crate) async fn within(
        ctx: &Context<'_>,
        scope: Scope,
        asked: Asked<L>,
    ) -> async_graphql::Result<Self> {
        // Boxed, as is the count, for the reason given at `Session::load`.
        let page = list::page(session(ctx)?.app(), &scope, &asked).boxed().await.map_err(|e| problem(&e))?;
        Ok(Self {
            page: Arc::new(page.map(Arc::new)),
            of: Of::Scope(scope),
            filter: asked.filter,
            counted: OnceCell::new(),
        })
    }

    /// A page of the records that belong to a record.
    pub(crate) async fn under(
        ctx: &Context<'_>,
        parent: (L::Parent, Uuid),
        asked: Asked<L>,
    ) -> async_graphql::Result<Self> {
        let filter = asked.filter.clone();
        let found = session(ctx)?.load_key(PageOf { parent, asked }).await?;
        let page = found.ok_or_else(|| not_found("the list"))?;
        Ok(Self { page, of: Of::Parent(parent.0, parent.1), filter, counted: OnceCell::new() })
    }

    async fn count(&self, ctx: &Context<'_>) -> async_graphql::Result<Count> {
        let session = session(ctx)?;
        match &self.of {
            Of::Scope(scope) => {
                let count = || list::count::<L>(session.app(), scope, &self.filter).boxed();
                self.counted.get_or_try_init(count).await.copied().map_err(|e| problem(&e))
            }
            Of::Parent(kind, id) => {
                let key = CountOf::<L> { parent: (*kind, *id), filter: self.filter.clone() };
                session.load_key(key).await?.ok_or_else(|| not_found("the list"))
            }
        }
    }
}

impl<L: Listing> TypeName for Connection<L> {
    fn type_name() -> Cow<'static, str> {
        L::CONNECTION.into()
    }
}

impl<L: Listing> TypeName for Edge<L> {
    fn type_name() -> Cow<'static, str> {
        L::EDGE.into()
    }
}

/// Where a page of rows with cursors lies in its list.
pub(crate) fn page_info<R>(page: &Page<R>) -> PageInfo {
    PageInfo {
        has_previous_page: page.has_previous,
        has_next_page: page.has_next,
        start_cursor: page.rows.first().map(|(cursor, _)| cursor.clone()),
        end_cursor: page.rows.last().map(|(cursor, _)| cursor.clone()),
    }
}

/// One page of a list.
#[Object(name_type)]
impl<L: Listing> Connection<L> {
    /// The items of the page with their cursors.
    async fn edges(&self) -> Vec<Edge<L>> {
        let rows = self.page.rows.iter();
        rows.map(|(cursor, row)| Edge { cursor: cursor.clone(), row: Arc::clone(row) }).collect()
    }

    /// The items of the page.
    async fn nodes(&self) -> Vec<L::Node> {
        self.page.rows.iter().map(|(_, row)| L::Node::of(Arc::clone(row))).collect()
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
#[Object(name_type)]
impl<L: Listing> Edge<L> {
    /// Position of the item, for the arguments `after` and `before`. It is valid with the same filter and order
    /// only.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The item.
    async fn node(&self) -> L::Node {
        L::Node::of(Arc::clone(&self.row))
    }
}
