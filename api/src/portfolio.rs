//! Portfolios.

mod list;
mod mutation;
mod query;
mod stage_count;

use std::sync::Arc;

use app::query::{
    events::{self, Events},
    members, require_admin, rows,
    stage_runs::{self, StageRuns},
    tokens::{self, Tokens},
    ventures::{self, Ventures},
    webhook_endpoints::{self, WebhookEndpoints},
    webhook_sources::{self, WebhookSources},
};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use domain::id::Id;
use uuid::Uuid;

pub(crate) use mutation::PortfolioMutation;
pub(crate) use query::{PortfolioQuery, by_slug, only_portfolio};
use stage_count::{StageCount, StageCounts};

use crate::{
    action::Action,
    cost::list_size,
    error::problem,
    event::EventFilter,
    global_id::{Kind, encode},
    list::{Connection, Order, asked, request},
    member::MemberFilter,
    playbook::Playbook,
    record::record,
    session::session,
    stage_run::StageRunFilter,
    token::ApiTokenFilter,
    venture::VentureFilter,
    webhook_endpoint::WebhookEndpointFilter,
    webhook_source::WebhookSourceFilter,
};

/// A portfolio.
#[derive(Clone)]
pub(crate) struct Portfolio(Arc<rows::Portfolio>);

record!(Portfolio, rows::Portfolio, scope);

impl Portfolio {
    /// The playbook that it uses now.
    pub(crate) fn playbook_id(&self) -> Uuid {
        self.0.playbook_id
    }

    /// Refuses callers who are not ADMIN of the portfolio.
    fn require_admin(&self, ctx: &Context<'_>, what: &str) -> async_graphql::Result<()> {
        require_admin(session(ctx)?.actor()?, Id::new(self.0.id), what).map_err(|e| problem(&e))
    }
}

/// A portfolio of ventures. Its members see everything that belongs to it, and nobody else does.
#[Object]
impl Portfolio {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Portfolio, self.0.id)
    }

    /// Short name in queries and links, unique.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Name, 2 to 120 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// IANA time zone of new ventures, such as `Europe/Vienna`.
    async fn time_zone(&self) -> &str {
        &self.0.zone
    }

    /// ISO 4217 code of the currency of new ventures, such as `EUR`.
    async fn currency(&self) -> &str {
        &self.0.currency
    }

    /// Number of the portfolio's changes, from 1. Mutations take it as `expectedVersion`.
    pub(crate) async fn version(&self) -> i64 {
        self.0.version
    }

    /// Number of the last event in the portfolio's own history. `portfolioEvents` takes it as `after`.
    pub(crate) async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Time of the last change.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// What the viewer can do with the portfolio.
    #[graphql(directive = list_size::apply(10))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of(ctx, &*self.0).await
    }

    /// How many ventures are at each stage and in each status. Pairs without ventures are left out.
    #[graphql(directive = list_size::apply(40))]
    async fn stage_counts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<StageCount>> {
        let found = session(ctx)?.load::<StageCounts>(self.0.id).await?.unwrap_or_default();
        Ok(found.iter().map(StageCount::of).collect())
    }

    /// Stage runs of the portfolio itself, such as those of multi-venture coordination.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn stage_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all stage runs.")] filter: Option<
            StageRunFilter,
        >,
        #[graphql(desc = "Sort order. Default: STARTED_AT, ASC.")] order_by: Option<Order<StageRuns>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<StageRuns>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (stage_runs::Parent::Portfolio, self.0.id), asked).await
    }

    /// The portfolio's own history: members, tokens, webhooks, playbook and its own stage runs. Events of ventures are in
    /// the histories of the ventures.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all events.")] filter: Option<EventFilter>,
        #[graphql(desc = "Sort order. Default: SEQUENCE, ASC.")] order_by: Option<Order<Events>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Events>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (events::Parent::Root, self.0.id), asked).await
    }

    /// Playbook that new stage runs start with.
    pub(crate) async fn playbook(&self, ctx: &Context<'_>) -> async_graphql::Result<Playbook> {
        Playbook::by_id(ctx, self.0.playbook_id).await
    }

    /// Ventures of the portfolio.
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
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (ventures::Parent::Portfolio, self.0.id), asked).await
    }

    /// Members of the portfolio.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all members.")] filter: Option<
            MemberFilter,
        >,
        #[graphql(desc = "Sort order. Default: HANDLE, ASC.")] order_by: Option<Order<members::Members>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<members::Members>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (members::Parent::Portfolio, self.0.id), asked).await
    }

    /// API tokens that are bound to the portfolio. Requires the role ADMIN; null for other callers.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all tokens.")] filter: Option<
            ApiTokenFilter,
        >,
        #[graphql(desc = "Sort order. Default: CREATED_AT, ASC.")] order_by: Option<Order<Tokens>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> Option<async_graphql::Result<Connection<Tokens>>> {
        let page = request(first, after, last, before);
        let listed = async {
            self.require_admin(ctx, "tokens")?;
            let mut asked = asked(filter, order_by, page)?;
            asked.filter.at = session(ctx)?.app().clock().now();
            Connection::under(ctx, (tokens::Parent::Portfolio, self.0.id), asked).await
        };
        Some(listed.await)
    }

    /// Webhook endpoints: addresses to which the system sends the portfolio's events. Requires the role ADMIN; null
    /// for other callers.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all endpoints.")] filter: Option<
            WebhookEndpointFilter,
        >,
        #[graphql(desc = "Sort order. Default: CREATED_AT, ASC.")] order_by: Option<Order<WebhookEndpoints>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> Option<async_graphql::Result<Connection<WebhookEndpoints>>> {
        let page = request(first, after, last, before);
        let listed = async {
            self.require_admin(ctx, "webhook endpoints")?;
            let parent = (webhook_endpoints::Parent::Portfolio, self.0.id);
            Connection::under(ctx, parent, asked(filter, order_by, page)?).await
        };
        Some(listed.await)
    }

    /// Webhook sources: integrations that send events to the system. Requires the role ADMIN; null for other callers.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn webhook_sources(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all sources.")] filter: Option<
            WebhookSourceFilter,
        >,
        #[graphql(desc = "Sort order. Default: CREATED_AT, ASC.")] order_by: Option<Order<WebhookSources>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> Option<async_graphql::Result<Connection<WebhookSources>>> {
        let page = request(first, after, last, before);
        let listed = async {
            self.require_admin(ctx, "webhook sources")?;
            let parent = (webhook_sources::Parent::Portfolio, self.0.id);
            Connection::under(ctx, parent, asked(filter, order_by, page)?).await
        };
        Some(listed.await)
    }
}
