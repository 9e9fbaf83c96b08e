//! The root of queries.

use std::sync::Arc;

use app::query::{
    self,
    list::{self, Asked},
    page::PageRequest,
    portfolios::{self, Portfolios},
    rows,
};
use async_graphql::{Context, ID, Object};

use crate::{
    cost::list_size,
    error::{coded, not_found, problem, unauthenticated},
    global_id::{self, Kind},
    loader::{GateRunKey, VentureKey},
    meter::Receipt,
    session::{Session, session},
    types::{
        connection::{JobConnection, Listed, PortfolioConnection, VentureConnection, asked, request},
        filter::{JobFilter, PortfolioFilter, VentureFilter},
        gate_run::GateRun,
        node::{self, Node},
        operations::Operations,
        order::{JobOrder, PortfolioOrder, VentureOrder},
        playbook::Playbook,
        portfolio::{self, Portfolio},
        rate_limit::RateLimit,
        stage::Stage,
        venture::Venture,
        viewer::Viewer,
        webhook::WebhookEventKind,
    },
};

/// What can be read. A record of a portfolio that the caller is no member of is not found.
pub struct Query;

/// What can be read. A record of a portfolio that the caller is no member of is not found.
#[Object]
impl Query {
    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Viewer> {
        let actor = session(ctx)?.actor()?;
        actor.person().cloned().map(Viewer).ok_or_else(unauthenticated)
    }

    /// What the caller may still ask for, after this request.
    async fn rate_limit(&self, ctx: &Context<'_>) -> async_graphql::Result<RateLimit> {
        session(ctx)?;
        let charge = ctx.data::<Receipt>()?.charge();
        charge.map(RateLimit::from).ok_or_else(|| coded("the request was not charged", "INTERNAL"))
    }

    /// A record by its global id; null when there is none for the caller.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Option<async_graphql::Result<Node>> {
        find_node(ctx, &id).await.transpose()
    }

    /// Records by their global ids, null where there is none for the caller.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 global ids.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<async_graphql::Result<Node>>>> {
        session(ctx)?;
        if ids.len() > 100 {
            return Err(coded("at most 100 ids", "INVALID_INPUT"));
        }
        let found = ids.iter().map(|id| async move { find_node(ctx, id).await.transpose() });
        Ok(futures_util::future::join_all(found).await)
    }

    /// The playbook that a portfolio's new stage runs start with; null when there is no such portfolio.
    async fn playbook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portfolio's slug; may be left out by a member of just one.")] portfolio: Option<
            String,
        >,
    ) -> Option<async_graphql::Result<Playbook>> {
        current_playbook(ctx, portfolio).await.transpose()
    }

    /// A stage of that playbook; null when there is none with this number.
    async fn stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The stage's number, from 1.")] number: u32,
        #[graphql(desc = "The portfolio's slug; may be left out by a member of just one.")] portfolio: Option<
            String,
        >,
    ) -> Option<async_graphql::Result<Stage>> {
        let found = current_playbook(ctx, portfolio).await.transpose()?;
        found
            .map(|found| {
                let playbook = found.playbook;
                playbook.stage(number).is_some().then(|| Stage { playbook: Arc::clone(&playbook), number })
            })
            .transpose()
    }

    /// A portfolio by its slug; null when there is none for the caller.
    async fn portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The slug.")] slug: String,
    ) -> Option<async_graphql::Result<Portfolio>> {
        find_portfolio(ctx, &slug).await.transpose().map(|row| row.map(Arc::new).map(Portfolio))
    }

    /// The caller's portfolios.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn portfolios(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which portfolios; all when not given.")] filter: Option<PortfolioFilter>,
        #[graphql(desc = "In which order; by slug when not given.")] order_by: Option<PortfolioOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<PortfolioConnection> {
        let scope = session(ctx)?.scope()?;
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::within(ctx, scope, asked).await.map(PortfolioConnection)
    }

    /// A venture; null when there is none for the caller.
    async fn venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Option<async_graphql::Result<Venture>> {
        let found = async {
            let session = session(ctx)?;
            let Some((Kind::Venture, key)) = global_id::decode(&id) else { return Ok(None) };
            session.load(VentureKey(key)).await
        };
        found.await.transpose().map(|venture| venture.map(Venture))
    }

    /// Ventures of the caller's portfolios.
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
        let scope = session(ctx)?.scope()?;
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::within(ctx, scope, asked).await.map(VentureConnection)
    }

    /// A gate run; null when there is none for the caller.
    async fn gate_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Option<async_graphql::Result<GateRun>> {
        let found = async {
            let session = session(ctx)?;
            let Some((Kind::GateRun, key)) = global_id::decode(&id) else { return Ok(None) };
            session.load(GateRunKey(key)).await
        };
        found.await.transpose().map(|row| row.map(GateRun))
    }

    /// Jobs in the caller's portfolios: what was asked for and is done by workers.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which jobs; all when not given.")] filter: Option<JobFilter>,
        #[graphql(desc = "In which order; by when they were asked for when not given.")] order_by: Option<
            JobOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<JobConnection> {
        let session = session(ctx)?;
        let mine = filter.as_ref().and_then(|filter| filter.mine).unwrap_or_default();
        let mut asked = asked(filter, order_by, request(first, after, last, before))?;
        asked.filter.asked_by = session.actor()?.person().filter(|_| mine).map(|person| person.id.uuid());
        Listed::within(ctx, session.scope()?, asked).await.map(JobConnection)
    }

    /// The types of events that webhook endpoints can be told of.
    #[graphql(directive = list_size::apply(30))]
    async fn webhook_event_types(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WebhookEventKind>> {
        session(ctx)?;
        Ok(WebhookEventKind::all())
    }

    /// How the delivery of messages stands; for the roles OPERATOR and ADMIN.
    async fn operations(&self, ctx: &Context<'_>) -> async_graphql::Result<Operations> {
        let session = session(ctx)?;
        let operations = query::operations(session.app(), session.actor()?).await;
        operations.map(Operations).map_err(|e| problem(&e))
    }
}

async fn find_node(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    session(ctx)?;
    match global_id::decode(id) {
        Some((kind, key)) => node::find(ctx, kind, key).await,
        None => Ok(None),
    }
}

async fn find_portfolio(ctx: &Context<'_>, slug: &str) -> async_graphql::Result<Option<rows::Portfolio>> {
    let session = session(ctx)?;
    query::portfolio(session.app(), &session.scope()?, slug).await.map_err(|e| problem(&e))
}

async fn current_playbook(
    ctx: &Context<'_>,
    slug: Option<String>,
) -> async_graphql::Result<Option<Playbook>> {
    let row = match slug {
        Some(slug) => find_portfolio(ctx, &slug).await?,
        None => Some(only_portfolio(session(ctx)?).await?),
    };
    match row {
        Some(row) => portfolio::playbook(ctx, &row).await.map(Some),
        None => Ok(None),
    }
}

/// The caller's portfolio, for callers with just one.
pub(crate) async fn only_portfolio(session: &Session) -> async_graphql::Result<rows::Portfolio> {
    let two = PageRequest { first: Some(2), ..PageRequest::default() };
    let asked = Asked::<Portfolios> {
        filter: portfolios::Filter::default(),
        order: portfolios::OrderBy::default(),
        descending: false,
        page: two,
    };
    let page = list::page(session.app(), &session.scope()?, &asked).await.map_err(|e| problem(&e))?;
    let mut rows = page.rows.into_iter();
    match (rows.next(), rows.next()) {
        (Some((_, row)), None) => Ok(row),
        (Some(_), Some(_)) => {
            Err(coded("you are a member of several portfolios: say which", "PORTFOLIO_NEEDED"))
        }
        (None, _) => Err(not_found("a portfolio of yours")),
    }
}
