//! Webhook sources and what they sent: for their portfolio's ADMINs.

use std::sync::Arc;

use app::{
    commands::WebhookRecord,
    query::{
        rows,
        webhook_events::{self, Parent},
        webhook_sources::Status,
    },
};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::webhook_source::EventStatus;

use super::{
    connection::{Listed, WebhookEventConnection, asked, request},
    filter::WebhookEventFilter,
    gate_run::person,
    order::WebhookEventOrder,
    person::Person,
    portfolio::Portfolio,
};
use crate::{
    error::{not_found, optional, problem},
    global_id::{Kind, encode},
    loader::{PortfolioKey, WebhookSourceKey},
    session::session,
};

/// An integration that sends events, signed by Standard Webhooks.
pub(crate) struct WebhookSource(pub(crate) Arc<rows::WebhookSource>);

/// Whether events are taken from a webhook source.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebhookSourceStatus {
    /// They are.
    Enabled,
    /// They are not, until a person enables it.
    Disabled,
}

/// An integration that sends events, signed by Standard Webhooks. It is a service and a member of the portfolio:
/// what its events ask for it may do by the roles it has there.
#[Object]
impl WebhookSource {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookSource, self.0.id)
    }

    /// Its name, and that of the person it acts as, 1 to 100 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for, at most 500 characters.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Path to which it posts its events.
    async fn path(&self) -> String {
        format!("/webhooks/{}", self.0.id.simple())
    }

    /// Whether events are taken from it.
    async fn status(&self) -> WebhookSourceStatus {
        match Status::of(&self.0) {
            Status::Enabled => WebhookSourceStatus::Enabled,
            Status::Disabled => WebhookSourceStatus::Disabled,
        }
    }

    /// When it was disabled; null while it is enabled.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// Until when the secret before the current one is good as well; null when there is none.
    async fn previous_secret_until(&self) -> Option<DateTime<Utc>> {
        self.0.previous_secret_until
    }

    /// The service as whom it acts. Its roles are its member's.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        person(ctx, self.0.person_id).await?.ok_or_else(|| not_found("the person"))
    }

    /// The portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        let found = session(ctx)?.load(PortfolioKey(self.0.portfolio_id)).await?;
        found.map(Portfolio).ok_or_else(|| not_found("the portfolio"))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async { person(ctx, self.0.created_by_id).await }).await
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// What it sent.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events; all when not given.")] filter: Option<WebhookEventFilter>,
        #[graphql(desc = "In which order; by when they came when not given.")] order_by: Option<
            WebhookEventOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<WebhookEventConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (Parent::Source, self.0.id), asked).await.map(WebhookEventConnection)
    }
}

impl From<WebhookSourceStatus> for Status {
    fn from(status: WebhookSourceStatus) -> Self {
        match status {
            WebhookSourceStatus::Enabled => Self::Enabled,
            WebhookSourceStatus::Disabled => Self::Disabled,
        }
    }
}

/// An event that a webhook source sent, as it came, and what became of it.
pub(crate) struct WebhookEvent(pub(crate) Arc<rows::WebhookEvent>);

/// What became of a webhook event.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "EventStatus")]
pub(crate) enum WebhookEventStatus {
    /// It is kept, and waits for a worker.
    Received,
    /// What it asks for was done.
    Handled,
    /// What it asks for was refused: `code` and `message` say why.
    Rejected,
    /// Its type means nothing here.
    Ignored,
}

/// An event that a webhook source sent, as it came, and what became of it.
#[Object]
impl WebhookEvent {
    /// Its global id: what `redeliverWebhookEvent` takes.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookEvent, self.0.id)
    }

    /// Its id at the source: what `webhook-id` said. The same again is the same event.
    async fn webhook_id(&self) -> &str {
        &self.0.webhook_id
    }

    /// The source that sent it.
    async fn source(&self, ctx: &Context<'_>) -> async_graphql::Result<WebhookSource> {
        let found = session(ctx)?.load(WebhookSourceKey(self.0.source_id)).await?;
        found.map(WebhookSource).ok_or_else(|| not_found("the source"))
    }

    /// Its type, such as `metric.sample`.
    async fn r#type(&self) -> &str {
        &self.0.event_type
    }

    /// When it happened, as the source says.
    async fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.0.occurred_at
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// Media type of its body.
    async fn content_type(&self) -> &str {
        &self.0.content_type
    }

    /// Its body, to the byte.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// What became of it.
    async fn status(&self) -> async_graphql::Result<WebhookEventStatus> {
        Ok(webhook_events::status(&self.0).map_err(|e| problem(&e))?.into())
    }

    /// How often it was handled to an end, redeliveries among them.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it last was; null while it waits for a worker.
    async fn handled_at(&self) -> Option<DateTime<Utc>> {
        self.0.handled_at
    }

    /// Why it was rejected: a stable code, such as `FORBIDDEN`; null when it was not.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Why it was rejected, in a sentence for a person; null when it was not.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Global id of the attestation, evidence or metric sample that it led to; null while there is none.
    async fn record_id(&self) -> Option<async_graphql::Result<ID>> {
        let record = webhook_events::record(&self.0).map_err(|e| problem(&e)).transpose()?;
        Some(record.map(|record| match record {
            WebhookRecord::Attestation(id) => encode(Kind::Attestation, id.uuid()),
            WebhookRecord::Evidence(id) => encode(Kind::Evidence, id.uuid()),
            WebhookRecord::MetricSample(id) => encode(Kind::MetricSample, id.uuid()),
        }))
    }
}
