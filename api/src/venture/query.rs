//! Queries of ventures.

use app::query::ventures::Ventures;
use async_graphql::{Context, ID, Object};

use super::{Venture, VentureFilter};
use crate::{
    list::{Connection, Order, asked, request},
    node::by_global_id,
    session::session,
};

/// Queries of ventures.
#[derive(Default)]
pub(crate) struct VentureQuery;

/// Queries of ventures.
#[Object]
impl VentureQuery {
    /// The venture with a global id. Null when the caller has no such venture.
    async fn venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the venture.")] id: ID,
    ) -> Option<async_graphql::Result<Venture>> {
        by_global_id(ctx, &id).await
    }

    /// Ventures of all portfolios of the caller.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn ventures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all ventures.")] filter: Option<
            VentureFilter,
        >,
        #[graphql(desc = "Sort order. Default: RELEVANCE, DESC with a search, else CREATED_AT, ASC.")]
        order_by: Option<Order<Ventures>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Ventures>> {
        let scope = session(ctx)?.scope()?;
        Connection::within(ctx, scope, asked(filter, order_by, request(first, after, last, before))?).await
    }
}
