//! The caller.

use app::{
    actor::{self, Credential},
    query::tokens::{Tokens, Whose},
};
use async_graphql::{Context, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::unauthenticated,
    list::{Connection, Order, asked, request},
    person::Person,
    portfolio::Portfolio,
    session::session,
    token::{ApiToken, ApiTokenFilter},
    waiting::{WaitingConnection, WaitingFilter},
};

/// The caller.
pub(crate) struct Viewer(actor::Person);

/// The viewer's membership of a portfolio.
pub(crate) struct Membership {
    portfolio: Uuid,
    roles: Vec<String>,
}

/// Credential that the viewer signed in with.
#[derive(Union)]
pub(crate) enum ViewerCredential {
    /// An API token.
    ApiToken(ApiToken),
    /// A token of the OIDC issuer.
    OidcClaims(OidcClaims),
}

/// Claims of a token of the OIDC issuer. Roles are not taken from the token.
#[derive(SimpleObject)]
pub(crate) struct OidcClaims {
    /// Issuer (`iss`).
    issuer: String,
    /// Subject (`sub`): the viewer at the issuer.
    subject: String,
    /// Time until which the token is accepted: its expiry plus the allowed clock skew (30 s).
    ends_at: DateTime<Utc>,
}

/// The caller.
#[Object]
impl Viewer {
    /// Short name, unique over all portfolios.
    async fn handle(&self) -> &str {
        &self.0.handle
    }

    /// Name, 1 to 120 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The viewer's record.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        Person::acting(ctx, self.0.id.uuid()).await
    }

    /// Memberships that the viewer's credential reaches.
    async fn memberships(&self) -> Vec<Membership> {
        let memberships = self.0.memberships.iter();
        let roles = |m: &actor::Membership| m.roles.iter().map(ToString::to_string).collect();
        memberships.map(|m| Membership { portfolio: m.portfolio_id.uuid(), roles: roles(m) }).collect()
    }

    /// Credential that the viewer signed in with.
    async fn credential(&self, ctx: &Context<'_>) -> async_graphql::Result<ViewerCredential> {
        match &self.0.credential {
            Credential::Token { id, .. } => {
                session(ctx)?.get(id.uuid()).await.map(ViewerCredential::ApiToken)
            }
            Credential::Claims { issuer, subject, ends_at } => {
                let (issuer, subject) = (issuer.clone(), subject.clone());
                Ok(ViewerCredential::OidcClaims(OidcClaims { issuer, subject, ends_at: *ends_at }))
            }
            // A webhook source sends events, and never queries.
            Credential::Source { .. } => Err(unauthenticated()),
        }
    }

    /// Everything that waits for the viewer, most urgent first: stage runs in which the viewer can take a step, by
    /// due time, and dead letters that the viewer can replay, by the time at which they were parked.
    async fn waiting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: everything that waits.")] filter: Option<
            WaitingFilter,
        >,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<WaitingConnection> {
        WaitingConnection::read(ctx, filter, request(first, after, last, before)).await
    }

    /// API tokens of the viewer. With a token that is bound to a portfolio or limited to some roles, only that token
    /// itself.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all tokens.")] filter: Option<
            ApiTokenFilter,
        >,
        #[graphql(desc = "Sort order. Default: CREATED_AT, ASC.")] order_by: Option<Order<Tokens>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Tokens>> {
        let mut asked = asked(filter, order_by, request(first, after, last, before))?;
        let session = session(ctx)?;
        (asked.filter.whose, asked.filter.at) = (Whose::own(&self.0), session.app().clock().now());
        Connection::within(ctx, session.scope()?, asked).await
    }
}

/// The viewer's membership of a portfolio.
#[Object]
impl Membership {
    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        session(ctx)?.get(self.portfolio).await
    }

    /// Roles that the viewer holds in the portfolio, such as `LEAD`.
    async fn roles(&self) -> &[String] {
        &self.roles
    }
}

/// Queries of the caller.
#[derive(Default)]
pub(crate) struct ViewerQuery;

/// Queries of the caller.
#[Object]
impl ViewerQuery {
    /// The caller.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Viewer> {
        let actor = session(ctx)?.actor()?;
        actor.person().cloned().map(Viewer).ok_or_else(unauthenticated)
    }
}
