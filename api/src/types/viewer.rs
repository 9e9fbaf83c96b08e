//! Who asks.

use app::actor;
use async_graphql::{Context, Object, SimpleObject};
use uuid::Uuid;

use super::portfolio::Portfolio;
use crate::{
    error::{not_found, problem},
    loader::PortfolioKey,
    session::session,
};

/// A person, as others see them.
#[derive(SimpleObject, Clone)]
pub(crate) struct Person {
    /// Unique short name.
    pub(crate) handle: String,
    /// Name as shown.
    pub(crate) name: String,
}

/// Who asks.
pub(crate) struct Viewer(pub(crate) actor::Person);

/// The viewer's place in a portfolio.
pub(crate) struct Membership(Uuid, Vec<String>);

/// Who asks.
#[Object]
impl Viewer {
    /// Unique short name.
    async fn handle(&self) -> &str {
        &self.0.handle
    }

    /// Name as shown.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Places in portfolios.
    async fn memberships(&self) -> Vec<Membership> {
        let places = self.0.memberships.iter();
        let roles = |m: &actor::Membership| m.roles.iter().map(ToString::to_string).collect();
        places.map(|m| Membership(m.portfolio_id.uuid(), roles(m))).collect()
    }
}

/// The viewer's place in a portfolio.
#[Object]
impl Membership {
    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        let found = session(ctx)?.reader().load_one(PortfolioKey(self.0)).await.map_err(|e| problem(&e))?;
        found.map(Portfolio).ok_or_else(|| not_found("the portfolio"))
    }

    /// Roles held there, such as `LEAD`.
    async fn roles(&self) -> &[String] {
        &self.1
    }
}
