//! API tokens: their records. A token itself is shown once, in the answer of `createToken`.

mod list;
mod mutation;

use std::{collections::HashMap, sync::Arc};

use app::query::{
    rows,
    tokens::{self, Status},
};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) use list::ApiTokenFilter;
pub(crate) use mutation::TokenMutation;

use crate::{
    error::{optional, problem},
    global_id::{Kind, encode},
    loader::Reader,
    person::Person,
    portfolio::Portfolio,
    record::{FromRow, Record},
    session::session,
};

/// An API token.
#[derive(Clone)]
pub(crate) struct ApiToken(Arc<rows::Token>);

impl FromRow for ApiToken {
    type Row = rows::Token;

    fn of(row: Arc<rows::Token>) -> Self {
        Self(row)
    }
}

impl Record for ApiToken {
    const KIND: Kind = Kind::Token;

    /// The caller's own tokens, and those bound to a portfolio that the caller administers.
    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::Token>, app::Error> {
        tokens::by_ids(reader.app(), reader.actor()?, ids).await
    }
}

/// Status of an API token.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(crate) enum ApiTokenStatus {
    /// The token is valid.
    Active,
    /// The token has passed its expiry time.
    Expired,
    /// The token was revoked.
    Revoked,
}

/// An API token: its purpose and its reach, never the token itself.
#[Object]
impl ApiToken {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Token, self.0.id)
    }

    /// Purpose of the token, 1 to 100 characters.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// First characters of the token, by which its holder can recognise it. They do not help to guess the token. Null
    /// for tokens from before hints were stored.
    async fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Person who holds the token. Requests with the token act as this person.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        Person::acting(ctx, self.0.person_id).await
    }

    /// The only portfolio that the token reaches. Null when it reaches all portfolios of its holder.
    async fn portfolio(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Portfolio>> {
        optional(async {
            let Some(id) = self.0.portfolio_id else { return Ok(None) };
            session(ctx)?.find(id).await
        })
        .await
    }

    /// Roles that the token is limited to. Each counts only while its holder has it too. Empty when the token only
    /// reads. Null when the token has all roles of its holder.
    async fn roles(&self) -> Option<async_graphql::Result<Vec<String>>> {
        let roles = tokens::roles(&self.0).map_err(|e| problem(&e)).transpose()?;
        Some(roles.map(|roles| roles.iter().map(ToString::to_string).collect()))
    }

    /// Status.
    async fn status(&self, ctx: &Context<'_>) -> async_graphql::Result<ApiTokenStatus> {
        Ok(Status::of(&self.0, session(ctx)?.app().clock().now()).into())
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Person who created the token. Null when an operator created it at the command line.
    async fn created_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async {
            match self.0.created_by_id {
                Some(id) => Person::by_name(ctx, id).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// Expiry time. Null when the token does not expire.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// Time of the last use, to the minute. Null when the token was never used.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// Time of revocation. Null when the token was not revoked.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }
}
