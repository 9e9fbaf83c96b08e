//! Webhooks out: endpoints, what they are sent, and every attempt at it. For the portfolio's ADMINs.

use std::sync::Arc;

use app::{
    query::{
        rows, webhook_deliveries,
        webhook_endpoints::{self, Sealed},
    },
    webhook,
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::webhook::{DisabledReason, Settings};

use super::{
    connection::{Listed, WebhookDeliveryConnection, asked, request},
    event::VentureEvent,
    filter::WebhookDeliveryFilter,
    gate_run::person,
    order::WebhookDeliveryOrder,
    person::Person,
    portfolio::Portfolio,
};
use crate::{
    cost::list_size,
    error::{not_found, optional, problem},
    global_id::{Kind, encode},
    loader::{AttemptsOfDelivery, EventKey, PortfolioKey, WebhookEndpointKey, WebhookMessageKey},
    session::session,
};

/// An address that is told of a portfolio's events.
pub(crate) struct WebhookEndpoint(pub(crate) Arc<rows::WebhookEndpoint>);

/// Why a webhook endpoint is disabled.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebhookDisabledReason {
    /// A person wanted it.
    Requested,
    /// It answered 410: it is not there any more.
    Gone,
    /// Every attempt had failed for 5 days.
    Failing,
}

/// A secret that signs what a webhook endpoint is sent; never the secret itself.
#[derive(SimpleObject)]
pub(crate) struct WebhookSecret {
    /// Its start, by which its holder knows it again; it gives nothing away.
    hint: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it stops signing; null for the newest.
    expires_at: Option<DateTime<Utc>>,
}

impl From<Sealed> for WebhookSecret {
    fn from(sealed: Sealed) -> Self {
        Self { hint: sealed.hint, created_at: sealed.created_at, expires_at: sealed.expires_at }
    }
}

impl WebhookEndpoint {
    fn parts(&self, ctx: &Context<'_>) -> async_graphql::Result<(Settings, Vec<Sealed>)> {
        webhook_endpoints::parts(session(ctx)?.app(), &self.0).map_err(|e| problem(&e))
    }
}

/// An address that is told of a portfolio's events, by messages signed as the Standard Webhooks specification
/// says.
#[Object]
impl WebhookEndpoint {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookEndpoint, self.0.id)
    }

    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        let found = session(ctx)?.load(PortfolioKey(self.0.portfolio_id)).await?;
        found.map(Portfolio).ok_or_else(|| not_found("the portfolio"))
    }

    /// Where messages go.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// What it is for.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Types of the events it is told of, of those in `webhookEventTypes`; null: all.
    async fn event_types(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Vec<String>>> {
        self.parts(ctx).map(|(settings, _)| settings.event_types).transpose()
    }

    /// Whether it is told of events.
    async fn enabled(&self) -> bool {
        self.0.disabled_reason.is_none()
    }

    /// Why it is not; null while it is.
    async fn disabled_reason(&self) -> Option<WebhookDisabledReason> {
        let reason = self.0.disabled_reason.as_deref().and_then(DisabledReason::named)?;
        Some(match reason {
            DisabledReason::Requested => WebhookDisabledReason::Requested,
            DisabledReason::Gone => WebhookDisabledReason::Gone,
            DisabledReason::Failing => WebhookDisabledReason::Failing,
        })
    }

    /// Since when it is not; null while it is.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// Since when every attempt has failed; null when the last one succeeded, or it is disabled. After 5 days it
    /// is disabled.
    async fn failing_since(&self) -> Option<DateTime<Utc>> {
        self.0.failing_since
    }

    /// What signs now, newest last.
    #[graphql(directive = list_size::apply(2))]
    async fn secrets(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WebhookSecret>> {
        Ok(self.parts(ctx)?.1.into_iter().map(WebhookSecret::from).collect())
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        person(ctx, self.0.created_by_id).await?.ok_or_else(|| not_found("the person"))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// What it was and is to be sent. A delivery that ended is on record for 90 days.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deliveries; all when not given.")] filter: Option<WebhookDeliveryFilter>,
        #[graphql(desc = "In which order; the latest first when not given.")] order_by: Option<
            WebhookDeliveryOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<WebhookDeliveryConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        let parent = (webhook_deliveries::Parent::Endpoint, self.0.id);
        Listed::under(ctx, parent, asked).await.map(WebhookDeliveryConnection)
    }
}

/// One message on its way to one webhook endpoint.
pub(crate) struct WebhookDelivery(pub(crate) Arc<rows::WebhookDelivery>);

/// How far a webhook delivery is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebhookDeliveryStatus {
    /// It is to be tried.
    Pending,
    /// The receiver answered with a status of 200 to 299.
    Delivered,
    /// The last attempt of the schedule failed, or the receiver answered 410.
    Failed,
    /// The endpoint was disabled or deleted before it arrived.
    Cancelled,
}

impl WebhookDeliveryStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Cancelled];

    /// As the database has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One attempt at a webhook delivery.
#[derive(SimpleObject)]
pub(crate) struct WebhookAttempt {
    /// Its number, from 1; redelivery goes on counting.
    number: i32,
    /// When it was recorded.
    at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    took_ms: i32,
    /// The HTTP status; null when there was no answer.
    status: Option<i32>,
    /// The answer's body, its first 1,024 bytes; null when there was no answer.
    body: Option<String>,
    /// Why there was no answer; null when there was one.
    error: Option<String>,
}

/// One message on its way to one webhook endpoint.
#[Object]
impl WebhookDelivery {
    /// Its global id: what `redeliverWebhook` takes.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookDelivery, self.0.id)
    }

    /// Where it goes; null once that was deleted.
    async fn endpoint(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<WebhookEndpoint>> {
        let found = async { session(ctx)?.load(WebhookEndpointKey(self.0.endpoint_id)).await };
        optional(found).await.map(|row| row.map(WebhookEndpoint))
    }

    /// What the receiver knows the message by, its `webhook-id`: the same at every attempt.
    async fn message_id(&self) -> String {
        webhook::public_id(self.0.message_id)
    }

    /// The message's `type`: that of the event, or `webhook.test.v1`.
    async fn event_type(&self) -> &str {
        &self.0.kind
    }

    /// The event it tells of; null for a test, and for an event of the portfolio itself.
    async fn event(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<VentureEvent>> {
        let found = async { session(ctx)?.load(EventKey(self.0.message_id)).await };
        optional(found).await.map(|row| row.map(VentureEvent))
    }

    /// The message's body, byte by byte as it is sent.
    async fn body(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let found = session(ctx)?.load(WebhookMessageKey(self.0.message_id)).await?;
        let message = found.ok_or_else(|| not_found("the message"))?;
        Ok(message.body.clone())
    }

    /// How far it is.
    async fn status(&self) -> async_graphql::Result<WebhookDeliveryStatus> {
        let known = WebhookDeliveryStatus::ALL.into_iter().find(|status| status.name() == self.0.status);
        known.ok_or_else(|| problem(&anyhow::anyhow!("a webhook delivery of no known status").into()))
    }

    /// When it is tried again; null when that is at once, or never.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_attempt_at
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it ended; null while it is pending.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Every attempt, first to last.
    #[graphql(directive = list_size::apply(3))]
    async fn attempts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WebhookAttempt>> {
        let found = session(ctx)?.load(AttemptsOfDelivery(self.0.id)).await?;
        let rows = found.unwrap_or_default();
        let attempt = |row: &Arc<rows::WebhookAttempt>| WebhookAttempt {
            number: row.number,
            at: row.at,
            took_ms: row.took_ms,
            status: row.status,
            body: row.body.clone(),
            error: row.error.clone(),
        };
        Ok(rows.iter().map(attempt).collect())
    }
}

/// A kind of event that webhook endpoints can be told of.
#[derive(SimpleObject)]
pub(crate) struct WebhookEventKind {
    /// What `eventTypes` of an endpoint takes, such as `venture.created.v1`.
    name: &'static str,
    /// What happened.
    description: &'static str,
}

impl WebhookEventKind {
    pub(crate) fn all() -> Vec<Self> {
        app::event::KINDS.iter().map(|(name, description)| Self { name, description }).collect()
    }
}
