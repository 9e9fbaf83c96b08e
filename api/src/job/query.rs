//! Queries of jobs.

use app::query::jobs::Jobs;
use async_graphql::{Context, Object};

use super::list::JobFilter;
use crate::{
    list::{Connection, Order, asked, request},
    session::session,
};

/// Queries of jobs.
#[derive(Default)]
pub(crate) struct JobQuery;

/// Queries of jobs.
#[Object]
impl JobQuery {
    /// Jobs in all portfolios of the caller.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all jobs.")] filter: Option<JobFilter>,
        #[graphql(desc = "Sort order. Default: QUEUED_AT, ASC.")] order_by: Option<Order<Jobs>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Jobs>> {
        let session = session(ctx)?;
        let mine = filter.as_ref().and_then(|filter| filter.mine).unwrap_or_default();
        let mut asked = asked(filter, order_by, request(first, after, last, before))?;
        asked.filter.asked_by = session.actor()?.person().filter(|_| mine).map(|person| person.id.uuid());
        Connection::within(ctx, session.scope()?, asked).await
    }
}
