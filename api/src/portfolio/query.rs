//! Queries of portfolios.

use std::sync::Arc;

use app::query::{
    self,
    list::{self, Asked},
    page::PageRequest,
    portfolios::{self, Portfolios},
    rows,
};
use async_graphql::{Context, Object};

use super::{Portfolio, list::PortfolioFilter};
use crate::{
    error::{coded, not_found, problem},
    list::{Connection, Order, asked, request},
    record::FromRow,
    session::{Session, session},
};

/// Queries of portfolios.
#[derive(Default)]
pub(crate) struct PortfolioQuery;

/// Queries of portfolios.
#[Object]
impl PortfolioQuery {
    /// The portfolio with a slug. Null when the caller has no such portfolio.
    async fn portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Slug of the portfolio.")] slug: String,
    ) -> Option<async_graphql::Result<Portfolio>> {
        by_slug(ctx, &slug).await.transpose()
    }

    /// Portfolios that the caller is a member of.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn portfolios(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all portfolios.")] filter: Option<
            PortfolioFilter,
        >,
        #[graphql(desc = "Sort order. Default: SLUG, ASC.")] order_by: Option<Order<Portfolios>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Portfolios>> {
        let scope = session(ctx)?.scope()?;
        Connection::within(ctx, scope, asked(filter, order_by, request(first, after, last, before))?).await
    }
}

/// The caller's portfolio with a slug; none when there is none.
pub(crate) async fn by_slug(ctx: &Context<'_>, slug: &str) -> async_graphql::Result<Option<Portfolio>> {
    let session = session(ctx)?;
    let row = query::portfolio(session.app(), &session.scope()?, slug).await.map_err(|e| problem(&e))?;
    Ok(row.map(Arc::new).map(Portfolio::of))
}

/// The caller's portfolio, for callers with exactly one.
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
