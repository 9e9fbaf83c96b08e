//! Webhook endpoints: addresses that the system sends events to (outgoing). For the ADMINs of their portfolio.

pub(crate) mod delivery;
mod list;
mod mutation;

use std::{collections::HashMap, sync::Arc};

use app::query::{
    rows,
    webhook_deliveries::{self, WebhookDeliveries},
    webhook_endpoints::{self, Sealed},
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::webhook::{DisabledReason, Settings};
use uuid::Uuid;

pub(crate) use delivery::WebhookDelivery;
pub(crate) use list::WebhookEndpointFilter;
pub(crate) use mutation::WebhookEndpointMutation;

use crate::{
    action::Action,
    cost::list_size,
    error::problem,
    global_id::{Kind, encode},
    list::{Connection, Order, asked, request},
    loader::Reader,
    person::Person,
    portfolio::Portfolio,
    record::{FromRow, Record},
    session::session,
};
use delivery::WebhookDeliveryFilter;

/// A webhook endpoint.
#[derive(Clone)]
pub(crate) struct WebhookEndpoint(Arc<rows::WebhookEndpoint>);

impl FromRow for WebhookEndpoint {
    type Row = rows::WebhookEndpoint;

    fn of(row: Arc<rows::WebhookEndpoint>) -> Self {
        Self(row)
    }
}

impl Record for WebhookEndpoint {
    const KIND: Kind = Kind::WebhookEndpoint;

    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::WebhookEndpoint>, app::Error> {
        webhook_endpoints::by_ids(reader.app(), &reader.administered(), ids).await
    }
}

/// Why a webhook endpoint is disabled.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DisabledReason")]
pub(crate) enum WebhookEndpointDisabledReason {
    /// A person disabled the endpoint.
    Requested,
    /// The endpoint answered with the HTTP status 410.
    Gone,
    /// Every attempt failed for 5 days.
    Failing,
}

/// A secret that signs messages to a webhook endpoint. The secret itself is never shown here.
#[derive(SimpleObject)]
pub(crate) struct WebhookEndpointSecret {
    /// First characters of the secret, by which its holder can recognise it. They do not help to guess the secret.
    hint: String,
    /// Time of creation.
    created_at: DateTime<Utc>,
    /// Time after which the secret no longer signs. Null for the newest secret.
    expires_at: Option<DateTime<Utc>>,
}

impl From<Sealed> for WebhookEndpointSecret {
    fn from(sealed: Sealed) -> Self {
        Self { hint: sealed.hint, created_at: sealed.created_at, expires_at: sealed.expires_at }
    }
}

impl WebhookEndpoint {
    fn parts(&self, ctx: &Context<'_>) -> async_graphql::Result<(Settings, Vec<Sealed>)> {
        webhook_endpoints::parts(session(ctx)?.app(), &self.0).map_err(|e| problem(&e))
    }
}

/// An address to which the system sends a portfolio's events (outgoing webhooks). Messages are signed as the Standard
/// Webhooks specification says.
#[Object]
impl WebhookEndpoint {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookEndpoint, self.0.id)
    }

    /// Portfolio whose events are sent.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        session(ctx)?.get(self.0.portfolio_id).await
    }

    /// URL that messages are sent to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// Purpose of the endpoint, 1 to 500 characters. Null when none is given.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Event types that are sent, from `eventTypes`. Null: all event types.
    async fn event_types(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Vec<String>>> {
        self.parts(ctx).map(|(settings, _)| settings.event_types).transpose()
    }

    /// Whether events are sent.
    async fn enabled(&self) -> bool {
        self.0.disabled_reason.is_none()
    }

    /// Why the endpoint is disabled. Null while it is enabled.
    async fn disabled_reason(&self) -> Option<WebhookEndpointDisabledReason> {
        self.0.disabled_reason.map(|reason| reason.0.into())
    }

    /// What the viewer can do with the endpoint.
    #[graphql(directive = list_size::apply(6))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of(ctx, &*self.0).await
    }

    /// Time at which the endpoint was disabled. Null while it is enabled.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// Time of the first failure since the last success. After 5 days of failures the endpoint is disabled. Null when
    /// the last attempt succeeded, and while the endpoint is disabled.
    async fn failing_since(&self) -> Option<DateTime<Utc>> {
        self.0.failing_since
    }

    /// Secrets that sign messages now, newest last.
    #[graphql(directive = list_size::apply(2))]
    async fn secrets(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WebhookEndpointSecret>> {
        Ok(self.parts(ctx)?.1.into_iter().map(WebhookEndpointSecret::from).collect())
    }

    /// Person who created the endpoint.
    async fn created_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        Person::acting(ctx, self.0.created_by_id).await
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Time of the last change.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Deliveries to the endpoint. A delivery is deleted 90 days after it ended.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all deliveries.")] filter: Option<
            WebhookDeliveryFilter,
        >,
        #[graphql(desc = "Sort order. Default: CREATED_AT, DESC.")] order_by: Option<
            Order<WebhookDeliveries>,
        >,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<WebhookDeliveries>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (webhook_deliveries::Parent::Endpoint, self.0.id), asked).await
    }
}
