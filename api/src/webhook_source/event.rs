//! Webhook events: what a webhook source sent, and what came of it.

use std::sync::Arc;

use app::{
    commands::WebhookRecord,
    query::{
        rows,
        webhook_events::{self, OrderBy, WebhookEvents},
    },
};
use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use domain::webhook_source::EventStatus;

use super::WebhookSource;
use crate::{
    action::Action,
    cost::list_size,
    error::problem,
    global_id::{Kind, encode},
    list::{Filtering, Listing, TimeRange, period, set},
    record::record,
    session::session,
};

/// An event from a webhook source.
#[derive(Clone)]
pub(crate) struct WebhookEvent(Arc<rows::WebhookEvent>);

record!(WebhookEvent, rows::WebhookEvent, administered);

/// Status of a webhook event.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "EventStatus")]
pub(crate) enum WebhookEventStatus {
    /// The event is stored and waits for a worker.
    Received,
    /// The command that the event asks for was carried out.
    Handled,
    /// The command that the event asks for was refused. `code` and `message` say why.
    Rejected,
    /// The type of the event is unknown.
    Ignored,
}

/// An event that a webhook source sent (incoming), as it was received, and the result of its processing.
#[Object]
impl WebhookEvent {
    /// Global id. `reprocessWebhookEvent` takes it as `webhookEventId`.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookEvent, self.0.id)
    }

    /// Id that the source gave the event in the header `webhook-id`. An event with a known id is a duplicate and is
    /// processed once.
    async fn webhook_id(&self) -> &str {
        &self.0.webhook_id
    }

    /// Source that sent the event.
    async fn source(&self, ctx: &Context<'_>) -> async_graphql::Result<WebhookSource> {
        session(ctx)?.get(self.0.source_id).await
    }

    /// Type, such as `metric.sample`.
    async fn r#type(&self) -> &str {
        &self.0.event_type
    }

    /// Time at which the event happened, as the source says. Null when the source says nothing.
    async fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.0.occurred_at
    }

    /// Time at which the event was received.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// Media type of the body.
    async fn content_type(&self) -> &str {
        &self.0.content_type
    }

    /// Body, exactly as it was received.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Status.
    async fn status(&self) -> WebhookEventStatus {
        (*self.0.status).into()
    }

    /// What the viewer can do with the event.
    #[graphql(directive = list_size::apply(1))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of(ctx, &*self.0).await
    }

    /// Number of times that the processing was completed, reprocessing included.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Time at which the processing was last completed. Null while the event waits for a worker.
    async fn handled_at(&self) -> Option<DateTime<Utc>> {
        self.0.handled_at
    }

    /// Stable code of the refusal, such as `FORBIDDEN`. Null unless the status is REJECTED.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Reason for the refusal, one sentence for a person. Null unless the status is REJECTED.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Global id of the attestation, evidence or metric sample that the event led to. Null unless the status is
    /// HANDLED.
    async fn record_id(&self) -> Option<async_graphql::Result<ID>> {
        let record = webhook_events::record(&self.0).map_err(|e| problem(&e)).transpose()?;
        Some(record.map(|record| match record {
            WebhookRecord::Attestation(id) => encode(Kind::Attestation, id.uuid()),
            WebhookRecord::Evidence(id) => encode(Kind::Evidence, id.uuid()),
            WebhookRecord::MetricSample(id) => encode(Kind::MetricSample, id.uuid()),
        }))
    }
}

/// Conditions on webhook events. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookEventFilter {
    /// Statuses, at most 100.
    statuses: Option<Vec<WebhookEventStatus>>,
    /// Types, at most 100.
    types: Option<Vec<String>>,
    /// Ids that the source gave the events, at most 100.
    webhook_ids: Option<Vec<String>>,
    /// Received in this range.
    received_at: Option<TimeRange>,
}

impl Filtering for WebhookEventFilter {
    type List = WebhookEvents;

    fn checked(self) -> async_graphql::Result<webhook_events::Filter> {
        Ok(webhook_events::Filter {
            statuses: set("statuses", self.statuses, Into::into)?,
            types: set("types", self.types, |kind| kind)?,
            webhook_ids: set("webhookIds", self.webhook_ids, |id| id)?,
            received: period("receivedAt", self.received_at)?,
        })
    }
}

/// Field to sort webhook events by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum WebhookEventOrderField {
    /// Time at which the event was received.
    ReceivedAt,
}

impl Listing for WebhookEvents {
    type Node = WebhookEvent;
    type By = WebhookEventFilter;
    type OrderField = WebhookEventOrderField;

    const CONNECTION: &'static str = "WebhookEventConnection";
    const EDGE: &'static str = "WebhookEventEdge";
    const ORDER: &'static str = "WebhookEventOrder";
}
