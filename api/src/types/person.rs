//! Persons.

use std::sync::Arc;

use app::query::rows;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::member;

use crate::{
    error::optional,
    global_id::{Kind, encode},
    loader::KnownKey,
    session::session,
};

/// Somebody who acts, in any number of portfolios.
pub(crate) struct Person(pub(crate) Arc<rows::Person>);

/// Who stands behind a person's record.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PersonKind {
    /// A human being.
    Person,
    /// A system that calls the API: an integration.
    Service,
}

impl From<PersonKind> for member::PersonKind {
    fn from(kind: PersonKind) -> Self {
        match kind {
            PersonKind::Person => Self::Person,
            PersonKind::Service => Self::Service,
        }
    }
}

/// Somebody who acts, in any number of portfolios. Their handle and name stand wherever they acted; as a node
/// they are there for those who share a portfolio with them.
#[Object]
impl Person {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Person, self.0.id)
    }

    /// Unique short name.
    async fn handle(&self) -> &str {
        &self.0.handle
    }

    /// Name as shown.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Who stands behind it.
    async fn kind(&self) -> PersonKind {
        match member::PersonKind::named(&self.0.kind) {
            Some(member::PersonKind::Service) => PersonKind::Service,
            Some(member::PersonKind::Person) | None => PersonKind::Person,
        }
    }

    /// When they became known here.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// E-mail address, for themself and for the ADMINs of their portfolios; null for others, and while there
    /// is none.
    async fn email(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<&str>> {
        optional(self.known(ctx, self.0.email.as_deref())).await
    }

    /// Who they are to the OIDC issuer, for themself and for the ADMINs of their portfolios; null for others,
    /// and for who signs in with API tokens alone.
    async fn oidc_subject(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<&str>> {
        optional(self.known(ctx, self.0.subject.as_deref())).await
    }
}

impl Person {
    /// What not everybody is to know.
    async fn known<'a>(
        &self,
        ctx: &Context<'_>,
        value: Option<&'a str>,
    ) -> async_graphql::Result<Option<&'a str>> {
        if value.is_none() {
            return Ok(None);
        }
        let known = session(ctx)?.load(KnownKey(self.0.id)).await?;
        Ok(value.filter(|_| known.is_some()))
    }
}
