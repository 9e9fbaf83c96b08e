//! Members of portfolios.

mod list;
mod mutation;

use std::{collections::HashMap, sync::Arc};

use app::query::{batch, members, rows};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) use list::MemberFilter;
pub(crate) use mutation::MemberMutation;

use crate::{
    error::problem,
    global_id::{Kind, encode},
    loader::Reader,
    person::Person,
    portfolio::Portfolio,
    record::{FromRow, Record},
    session::session,
};

/// A person's membership of a portfolio.
#[derive(Clone)]
pub(crate) struct Member(Arc<rows::Member>);

impl FromRow for Member {
    type Row = rows::Member;

    fn of(row: Arc<rows::Member>) -> Self {
        Self(row)
    }
}

impl Record for Member {
    const KIND: Kind = Kind::Member;

    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::Member>, app::Error> {
        batch::by_ids(reader.app(), reader.scope(), ids).await
    }
}

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
