//! Portfolios.

use std::sync::Arc;

use app::query::{page::Page, rows};
use async_graphql::{Context, ID, Object, connection::PageInfo};
use chrono::{DateTime, Utc};
use domain::id::Id;

use super::{connection::page_info, playbook::Playbook};
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
    let playbook = app.playbook(Id::new(id)).await.map_err(|error| problem(&error))?;
    Ok(Playbook { id, playbook: Arc::clone(&playbook) })
}

/// A page of portfolios.
pub(crate) struct PortfolioConnection(pub(crate) Page<Arc<rows::Portfolio>>);

/// A portfolio in a page.
pub(crate) struct PortfolioEdge(String, Arc<rows::Portfolio>);

/// A page of portfolios.
#[Object]
impl PortfolioConnection {
    /// The portfolios with their cursors.
    async fn edges(&self) -> Vec<PortfolioEdge> {
        self.0.rows.iter().map(|(cursor, row)| PortfolioEdge(cursor.clone(), row.clone())).collect()
    }

    /// The portfolios.
    async fn nodes(&self) -> Vec<Portfolio> {
        self.0.rows.iter().map(|(_, row)| Portfolio(row.clone())).collect()
    }

    /// Where the page lies.
    async fn page_info(&self) -> PageInfo {
        page_info(&self.0)
    }
}

/// A portfolio in a page.
#[Object]
impl PortfolioEdge {
    /// Where the portfolio stands in the list.
    async fn cursor(&self) -> &str {
        &self.0
    }

    /// The portfolio.
    async fn node(&self) -> Portfolio {
        Portfolio(self.1.clone())
    }
}
