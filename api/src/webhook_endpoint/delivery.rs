//! Deliveries: messages on their way to a webhook endpoint, and every attempt.

use std::{collections::HashMap, sync::Arc};

use app::{
    query::{
        batch, rows,
        webhook_deliveries::{self, OrderBy, WebhookDeliveries},
    },
    webhook_endpoint::message,
};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::webhook::DeliveryStatusKind;
use uuid::Uuid;

use super::WebhookEndpoint;
use crate::{
    cost::list_size,
    error::{not_found, optional},
    event::Event,
    global_id::{Kind, encode},
    list::{Filtering, Listing, TimeRange, names, period, set},
    loader::{Group, Loads, Reader, grouped},
    record::record,
    session::session,
};

/// A delivery to a webhook endpoint.
#[derive(Clone)]
pub(crate) struct WebhookDelivery(Arc<rows::WebhookDelivery>);

record!(WebhookDelivery, rows::WebhookDelivery, administered);

/// The message of a delivery, by the message's id.
struct Message;

impl Loads for Message {
    type Value = Arc<rows::WebhookMessage>;

    async fn read(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        let found = batch::by_ids(reader.app(), &reader.administered(), ids).await?;
        Ok(found.into_iter().map(|(id, row)| (id, Arc::new(row))).collect())
    }
}

/// The attempts of a delivery, by the delivery's id.
struct AttemptsOfDelivery;

impl Loads for AttemptsOfDelivery {
    type Value = Group<rows::WebhookAttempt>;

    async fn read(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        webhook_deliveries::attempts_of(reader.app(), reader.scope(), ids).await.map(grouped)
    }
}

/// Status of a webhook delivery.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DeliveryStatusKind")]
pub(crate) enum WebhookDeliveryStatus {
    /// An attempt is due or under way.
    Pending,
    /// The endpoint answered with an HTTP status from 200 to 299.
    Delivered,
    /// The last attempt of the retry schedule failed, or the endpoint answered 410.
    Failed,
    /// The endpoint was disabled or deleted before the message arrived.
    Cancelled,
}

/// One attempt of a webhook delivery.
#[derive(SimpleObject)]
pub(crate) struct WebhookDeliveryAttempt {
    /// Number of the attempt, from 1. A redelivery continues the count.
    number: i32,
    /// Time at which the attempt was recorded.
    at: DateTime<Utc>,
    /// Duration in milliseconds.
    took_ms: i32,
    /// HTTP status of the answer. Null when there was no answer.
    status: Option<i32>,
    /// First 1,024 bytes of the answer's body. Null when there was no answer.
    body: Option<String>,
    /// Reason why there was no answer. Null when there was an answer.
    error: Option<String>,
}

/// One message on its way to one webhook endpoint (outgoing).
#[Object]
impl WebhookDelivery {
    /// Global id. `redeliverWebhook` takes it as `webhookDeliveryId`.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookDelivery, self.0.id)
    }

    /// Endpoint that the message is sent to. Null when the endpoint was deleted.
    async fn endpoint(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<WebhookEndpoint>> {
        optional(async { session(ctx)?.find(self.0.endpoint_id).await }).await
    }

    /// Id of the message in the header `webhook-id`. It is the same in every attempt, so receivers can recognise
    /// duplicates by it.
    async fn message_id(&self) -> String {
        message::public_id(self.0.message_id)
    }

    /// Type of the event, or `webhook.test.v1` for a test message.
    async fn event_type(&self) -> &str {
        &self.0.kind
    }

    /// Event that the message carries. Null for a test message, and for events of the portfolio itself.
    async fn event(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Event>> {
        optional(async { session(ctx)?.find(self.0.message_id).await }).await
    }

    /// Body of the message, exactly as it is sent.
    async fn body(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let found = session(ctx)?.load::<Message>(self.0.message_id).await?;
        let message = found.ok_or_else(|| not_found("the message"))?;
        Ok(message.body.clone())
    }

    /// Status.
    async fn status(&self) -> WebhookDeliveryStatus {
        (*self.0.status).into()
    }

    /// Due time of the next attempt. Null when the next attempt is due now, and when no attempt follows.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_attempt_at
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Time at which the delivery succeeded, failed or was cancelled. Null while the status is PENDING.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// All attempts, oldest first.
    #[graphql(directive = list_size::apply(3))]
    async fn attempts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WebhookDeliveryAttempt>> {
        let found = session(ctx)?.load::<AttemptsOfDelivery>(self.0.id).await?;
        let rows = found.unwrap_or_default();
        let attempt = |row: &Arc<rows::WebhookAttempt>| WebhookDeliveryAttempt {
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

/// Conditions on webhook deliveries. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookDeliveryFilter {
    /// Statuses, at most 100.
    statuses: Option<Vec<WebhookDeliveryStatus>>,
    /// Event types, at most 100.
    event_types: Option<Vec<String>>,
    /// Created in this range.
    created_at: Option<TimeRange>,
}

impl Filtering for WebhookDeliveryFilter {
    type List = WebhookDeliveries;

    fn checked(self) -> async_graphql::Result<webhook_deliveries::Filter> {
        Ok(webhook_deliveries::Filter {
            statuses: names::<_, DeliveryStatusKind>("statuses", self.statuses)?,
            event_types: set("eventTypes", self.event_types, |name| name)?,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Field to sort webhook deliveries by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum WebhookDeliveryOrderField {
    /// Time of creation.
    CreatedAt,
}

impl Listing for WebhookDeliveries {
    type Node = WebhookDelivery;
    type By = WebhookDeliveryFilter;
    type OrderField = WebhookDeliveryOrderField;

    const CONNECTION: &'static str = "WebhookDeliveryConnection";
    const EDGE: &'static str = "WebhookDeliveryEdge";
    const ORDER: &'static str = "WebhookDeliveryOrder";
}
