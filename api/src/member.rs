//! Members of portfolios.

mod list;
mod mutation;

use std::sync::Arc;

use app::query::{members, rows};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

pub(crate) use list::MemberFilter;
pub(crate) use mutation::MemberMutation;

use crate::{
    error::problem,
    global_id::{Kind, encode},
    person::Person,
    portfolio::Portfolio,
    record::record,
    session::session,
};

/// A person's membership of a portfolio.
#[derive(Clone)]
pub(crate) struct Member(Arc<rows::Member>);

record!(Member, rows::Member, scope);

/// A person's membership of a portfolio.
#[Object]
impl Member {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Member, self.0.id)
    }

    /// The person.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        Person::acting(ctx, self.0.person_id).await
    }

    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        session(ctx)?.get(self.0.portfolio_id).await
    }

    /// Roles that the person holds in the portfolio, such as `LEAD`.
    async fn roles(&self) -> async_graphql::Result<Vec<String>> {
        let roles = members::roles(&self.0).map_err(|e| problem(&e))?;
        Ok(roles.iter().map(ToString::to_string).collect())
    }

    /// Time at which the person became a member.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.joined_at
    }
}
