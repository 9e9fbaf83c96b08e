//! API tokens: their records. A token itself is seen once, by who makes it.

use std::sync::Arc;

use app::query::{
    rows,
    tokens::{self, Status},
};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::{gate_run::person, person::Person, portfolio::Portfolio};
use crate::{
    error::{not_found, optional, problem},
    global_id::{Kind, encode},
    loader::PortfolioKey,
    session::session,
};

/// An API token.
pub(crate) struct ApiToken(pub(crate) Arc<rows::Token>);

/// Whether an API token is good.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiTokenStatus {
    /// It is good.
    Active,
    /// It ended by itself.
    Expired,
    /// It was revoked.
    Revoked,
}

/// An API token: what it is for and how far it reaches, never the token itself.
#[Object]
impl ApiToken {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Token, self.0.id)
    }

    /// What it is for, 1 to 100 characters.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// The start of the token, by which its holder knows it again; it gives nothing away. Null for one made
    /// before hints were kept.
    async fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Who holds it, and acts when it is used.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        person(ctx, self.0.person_id).await?.ok_or_else(|| not_found("the person"))
    }

    /// The one portfolio it reaches; null when it reaches all of its holder's.
    async fn portfolio(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Portfolio>> {
        let found = async {
            let Some(id) = self.0.portfolio_id else { return Ok(None) };
            session(ctx)?.load(PortfolioKey(id)).await
        };
        optional(found).await.map(|row| row.map(Portfolio))
    }

    /// The roles it is held to, as far as its holder has them; empty when it only reads, null when it has all of
    /// its holder's.
    async fn roles(&self) -> Option<async_graphql::Result<Vec<String>>> {
        let roles = tokens::roles(&self.0).map_err(|e| problem(&e)).transpose()?;
        Some(roles.map(|roles| roles.iter().map(ToString::to_string).collect()))
    }

    /// Whether it is good.
    async fn status(&self, ctx: &Context<'_>) -> async_graphql::Result<ApiTokenStatus> {
        Ok(match Status::of(&self.0, session(ctx)?.app().clock().now()) {
            Status::Active => ApiTokenStatus::Active,
            Status::Expired => ApiTokenStatus::Expired,
            Status::Revoked => ApiTokenStatus::Revoked,
        })
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who made it; null when it was made at the system's command line.
    async fn created_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async {
            match self.0.created_by_id {
                Some(id) => person(ctx, id).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// When it ends by itself; null when it does not.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When it was last used, to the minute; null while it was not.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// When it was revoked; null while it was not.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }
}

impl From<ApiTokenStatus> for Status {
    fn from(status: ApiTokenStatus) -> Self {
        match status {
            ApiTokenStatus::Active => Self::Active,
            ApiTokenStatus::Expired => Self::Expired,
            ApiTokenStatus::Revoked => Self::Revoked,
        }
    }
}
