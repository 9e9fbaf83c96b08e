//! Portfolios.

use std::sync::Arc;

use app::query::{members, require_admin, rows, tokens, ventures, webhook_endpoints, webhook_sources};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use domain::id::Id;

use super::{
    connection::{
        ApiTokenConnection, Listed, MemberConnection, VentureConnection, WebhookEndpointConnection,
        WebhookSourceConnection, asked, request,
    },
    filter::{ApiTokenFilter, MemberFilter, VentureFilter, WebhookEndpointFilter, WebhookSourceFilter},
    order::{ApiTokenOrder, MemberOrder, VentureOrder, WebhookEndpointOrder, WebhookSourceOrder},
    playbook::Playbook,
};
use crate::{
    error::problem,
    global_id::{Kind, encode},
    session::session,
};

/// A portfolio of ventures: the boundary of what its members may see.
pub(crate) struct Portfolio(pub(crate) Arc<rows::Portfolio>);

/// A portfolio of ventures: the boundary of what its members may see.
#[Object]
impl Portfolio {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Portfolio, self.0.id)
    }

    /// Short name in commands and links.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// IANA time zone that new ventures get.
    async fn zone(&self) -> &str {
        &self.0.zone
    }

    /// ISO 4217 currency that new ventures get.
    async fn currency(&self) -> &str {
        &self.0.currency
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The playbook that new stage runs start with.
    async fn playbook(&self, ctx: &Context<'_>) -> async_graphql::Result<Playbook> {
        playbook(ctx, &self.0).await
    }

    /// Its ventures.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn ventures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ventures; all when not given.")] filter: Option<VentureFilter>,
        #[graphql(desc = "In which order; by creation, or with a search by relevance, when not given.")]
        order_by: Option<VentureOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<VentureConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (ventures::Parent::Portfolio, self.0.id), asked).await.map(VentureConnection)
    }

    /// Its members.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which members; all when not given.")] filter: Option<MemberFilter>,
        #[graphql(desc = "In which order; by handle when not given.")] order_by: Option<MemberOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<MemberConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (members::Parent::Portfolio, self.0.id), asked).await.map(MemberConnection)
    }

    /// The API tokens that are bound to it; for its ADMINs, null for others.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tokens; all when not given.")] filter: Option<ApiTokenFilter>,
        #[graphql(desc = "In which order; by when they were made when not given.")] order_by: Option<
            ApiTokenOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Option<async_graphql::Result<ApiTokenConnection>> {
        let page = request(first, after, last, before);
        let listed = async {
            let session = session(ctx)?;
            require_admin(session.actor()?, Id::new(self.0.id), "tokens").map_err(|e| problem(&e))?;
            let mut asked = asked(filter, order_by, page)?;
            asked.filter.at = session.app().clock().now();
            Listed::under(ctx, (tokens::Parent::Portfolio, self.0.id), asked).await.map(ApiTokenConnection)
        };
        Some(listed.await)
    }

    /// The addresses that are told of its events; for its ADMINs, null for others.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which endpoints; all when not given.")] filter: Option<WebhookEndpointFilter>,
        #[graphql(desc = "In which order; by when they were made when not given.")] order_by: Option<
            WebhookEndpointOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Option<async_graphql::Result<WebhookEndpointConnection>> {
        let page = request(first, after, last, before);
        let listed = async {
            let admin = require_admin(session(ctx)?.actor()?, Id::new(self.0.id), "webhook endpoints");
            admin.map_err(|e| problem(&e))?;
            let parent = (webhook_endpoints::Parent::Portfolio, self.0.id);
            Listed::under(ctx, parent, asked(filter, order_by, page)?).await.map(WebhookEndpointConnection)
        };
        Some(listed.await)
    }

    /// The integrations that send it events; for its ADMINs, null for others.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn webhook_sources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sources; all when not given.")] filter: Option<WebhookSourceFilter>,
        #[graphql(desc = "In which order; by when they were made when not given.")] order_by: Option<
            WebhookSourceOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Option<async_graphql::Result<WebhookSourceConnection>> {
        let page = request(first, after, last, before);
        let listed = async {
            let admin = require_admin(session(ctx)?.actor()?, Id::new(self.0.id), "webhook sources");
            admin.map_err(|e| problem(&e))?;
            let parent = (webhook_sources::Parent::Portfolio, self.0.id);
            Listed::under(ctx, parent, asked(filter, order_by, page)?).await.map(WebhookSourceConnection)
        };
        Some(listed.await)
    }
}

/// The playbook of a portfolio.
pub(crate) async fn playbook(
    ctx: &Context<'_>,
    portfolio: &rows::Portfolio,
) -> async_graphql::Result<Playbook> {
    by_id(ctx, portfolio.playbook_id).await
}

/// A playbook by id: from memory, but for the first time.
pub(crate) async fn by_id(ctx: &Context<'_>, id: uuid::Uuid) -> async_graphql::Result<Playbook> {
    let app = session(ctx)?.app();
    // Boxed for the rare case that it is read, for the reason given at `Session::load`.
    let playbook = Box::pin(app.playbook(Id::new(id))).await.map_err(|error| problem(&error))?;
    Ok(Playbook { id, playbook })
}
