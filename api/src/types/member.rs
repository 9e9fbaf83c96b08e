//! Members of portfolios.

use std::sync::Arc;

use app::query::{members, rows};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{gate_run::person, person::Person, portfolio::Portfolio};
use crate::{
    error::{not_found, problem},
    global_id::{Kind, encode},
    loader::PortfolioKey,
    session::session,
};

/// A person's place in a portfolio.
pub(crate) struct Member(pub(crate) Arc<rows::Member>);

/// A person's place in a portfolio.
#[Object]
impl Member {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Member, self.0.id)
    }

    /// The person.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        person(ctx, self.0.person_id).await?.ok_or_else(|| not_found("the person"))
    }

    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        let found = session(ctx)?.load(PortfolioKey(self.0.portfolio_id)).await?;
        found.map(Portfolio).ok_or_else(|| not_found("the portfolio"))
    }

    /// Roles held there, such as `LEAD`.
    async fn roles(&self) -> async_graphql::Result<Vec<String>> {
        let roles = members::roles(&self.0).map_err(|e| problem(&e))?;
        Ok(roles.iter().map(ToString::to_string).collect())
    }

    /// Since when.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.joined_at
    }
}
