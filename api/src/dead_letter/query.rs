//! Queries for those who run the system.

use app::query::{self, dead_letters::DeadLetters};
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::list::DeadLetterFilter;
use crate::{
    error::problem,
    list::{Connection, Order, asked, request},
    session::session,
};

/// How the delivery of messages stands.
pub(crate) struct Operations(query::Operations);

/// State of the delivery of messages.
#[Object]
impl Operations {
    /// Number of messages in the outbox of the whole system: written, not yet confirmed by the broker. Messages that
    /// wait for a retry are included.
    async fn outbox_count(&self) -> i64 {
        i64::try_from(self.0.outbox).unwrap_or(i64::MAX)
    }

    /// Due time of the oldest message in the outbox. Null when the outbox is empty.
    async fn outbox_since(&self) -> Option<DateTime<Utc>> {
        self.0.outbox_since
    }

    /// Number of dead letters that were not replayed, in the portfolios that the caller operates.
    async fn dead_letter_count(&self) -> i64 {
        i64::try_from(self.0.dead_letters).unwrap_or(i64::MAX)
    }

    /// Dead letters of the portfolios that the caller operates.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: dead letters that were not replayed.")]
        filter: Option<DeadLetterFilter>,
        #[graphql(desc = "Sort order. Default: PARKED_AT, ASC.")] order_by: Option<Order<DeadLetters>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<DeadLetters>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        let scope = query::operated(session(ctx)?.actor()?).map_err(|e| problem(&e))?;
        Connection::within(ctx, scope, asked).await
    }
}

/// Queries for those who run the system.
#[derive(Default)]
pub(crate) struct OperationsQuery;

/// Queries for those who run the system.
#[Object]
impl OperationsQuery {
    /// State of the delivery of messages. Requires the role OPERATOR or ADMIN.
    async fn operations(&self, ctx: &Context<'_>) -> async_graphql::Result<Operations> {
        let session = session(ctx)?;
        let operations = query::operations(session.app(), session.actor()?).await;
        operations.map(Operations).map_err(|e| problem(&e))
    }
}
