//! Who asks.

use app::{
    actor::{self, Credential},
    query::tokens::Whose,
};
use async_graphql::{Context, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    connection::{ApiTokenConnection, Listed, asked, request},
    filter::ApiTokenFilter,
    gate_run::person,
    order::ApiTokenOrder,
    person::Person,
    portfolio::Portfolio,
    token::ApiToken,
    waiting::{WaitingConnection, WaitingFilter},
};
use crate::{
    error::{not_found, unauthenticated},
    loader::{PortfolioKey, TokenKey},
    session::session,
};

/// Who asks.
pub(crate) struct Viewer(pub(crate) actor::Person);

/// The viewer's place in a portfolio.
pub(crate) struct Membership(Uuid, Vec<String>);

/// What the viewer signed in with.
#[derive(Union)]
pub(crate) enum ViewerCredential {
    /// An API token.
    ApiToken(ApiToken),
    /// A token of the OIDC issuer.
    OidcClaims(OidcClaims),
}

/// What was taken from a token of the OIDC issuer. Roles are not: they are given here.
#[derive(SimpleObject)]
pub(crate) struct OidcClaims {
    /// The issuer.
    issuer: String,
    /// Who the viewer is to the issuer.
    subject: String,
    /// Until when the token is taken, the leeway for clocks that differ included.
    ends_at: DateTime<Utc>,
}

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

    /// The person.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        person(ctx, self.0.id.uuid()).await?.ok_or_else(|| not_found("the person"))
    }

    /// Places in portfolios, as far as what the viewer signed in with reaches.
    async fn memberships(&self) -> Vec<Membership> {
        let places = self.0.memberships.iter();
        let roles = |m: &actor::Membership| m.roles.iter().map(ToString::to_string).collect();
        places.map(|m| Membership(m.portfolio_id.uuid(), roles(m))).collect()
    }

    /// What the viewer signed in with.
    async fn credential(&self, ctx: &Context<'_>) -> async_graphql::Result<ViewerCredential> {
        match &self.0.credential {
            Credential::Token { id, .. } => {
                let found = session(ctx)?.load(TokenKey(id.uuid())).await?;
                let row = found.ok_or_else(|| not_found("the token"))?;
                Ok(ViewerCredential::ApiToken(ApiToken(row)))
            }
            Credential::Claims { issuer, subject, ends_at } => {
                let (issuer, subject) = (issuer.clone(), subject.clone());
                Ok(ViewerCredential::OidcClaims(OidcClaims { issuer, subject, ends_at: *ends_at }))
            }
            // A source sends events, and asks for nothing here.
            Credential::Source { .. } => Err(unauthenticated()),
        }
    }

    /// All that waits for the viewer, most urgent first: stage runs in which they can take a step, by when
    /// their days are over, and dead letters that they can replay, by when they were parked.
    async fn waiting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of it; all when not given.")] filter: Option<WaitingFilter>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<WaitingConnection> {
        WaitingConnection::read(ctx, filter, request(first, after, last, before)).await
    }

    /// The viewer's own API tokens. A token that is bound to a portfolio or held to some
    /// roles knows itself alone.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tokens; all when not given.")] filter: Option<ApiTokenFilter>,
        #[graphql(desc = "In which order; by when they were made when not given.")] order_by: Option<
            ApiTokenOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<ApiTokenConnection> {
        let mut asked = asked(filter, order_by, request(first, after, last, before))?;
        let session = session(ctx)?;
        (asked.filter.whose, asked.filter.at) = (Whose::own(&self.0), session.app().clock().now());
        Listed::within(ctx, session.scope()?, asked).await.map(ApiTokenConnection)
    }
}

/// The viewer's place in a portfolio.
#[Object]
impl Membership {
    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        let found = session(ctx)?.load(PortfolioKey(self.0)).await?;
        found.map(Portfolio).ok_or_else(|| not_found("the portfolio"))
    }

    /// Roles held there, such as `LEAD`.
    async fn roles(&self) -> &[String] {
        &self.1
    }
}
