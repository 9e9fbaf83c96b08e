//! How the delivery of messages stands, for those who run the system.

use std::sync::Arc;

use app::query::{self, rows};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{
    connection::{DeadLetterConnection, Listed, asked, request},
    filter::DeadLetterFilter,
    order::DeadLetterOrder,
};
use crate::{
    error::problem,
    global_id::{Kind, encode},
    session::session,
};

/// How the delivery of messages stands.
pub(crate) struct Operations(pub(crate) query::Operations);

/// How the delivery of messages stands.
#[Object]
impl Operations {
    /// Messages of the whole system written and not yet confirmed, retries among them.
    async fn outbox(&self) -> i64 {
        i64::try_from(self.0.outbox).unwrap_or(i64::MAX)
    }

    /// When the oldest of them was or is due.
    async fn outbox_since(&self) -> Option<DateTime<Utc>> {
        self.0.outbox_since
    }

    /// How many dead letters of the portfolios that the caller operates were not replayed.
    async fn dead_letter_count(&self) -> i64 {
        i64::try_from(self.0.dead_letters).unwrap_or(i64::MAX)
    }

    /// Dead letters of the portfolios that the caller operates.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which dead letters; those not sent again when not given.")] filter: Option<
            DeadLetterFilter,
        >,
        #[graphql(desc = "In which order; by parking when not given.")] order_by: Option<DeadLetterOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<DeadLetterConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        let scope = query::operated(session(ctx)?.actor()?).map_err(|e| problem(&e))?;
        Listed::within(ctx, scope, asked).await.map(DeadLetterConnection)
    }
}

/// A message that could not be handled.
#[derive(Clone)]
pub(crate) struct DeadLetter(pub(crate) Arc<rows::DeadLetter>);

/// A message that could not be handled.
#[Object]
impl DeadLetter {
    /// Its global id: what `replayDeadLetter` takes.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::DeadLetter, self.0.id)
    }

    /// The queue it came from.
    async fn queue(&self) -> &str {
        &self.0.queue
    }

    /// Its kind, such as `decide_gate.v1`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why it was parked.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Its body, as it came.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was parked.
    async fn parked_at(&self) -> DateTime<Utc> {
        self.0.parked_at
    }

    /// When it was sent again.
    async fn replayed_at(&self) -> Option<DateTime<Utc>> {
        self.0.replayed_at
    }
}
