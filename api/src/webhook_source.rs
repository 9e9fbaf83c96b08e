//! Webhook sources: integrations that send events to the system (incoming). For the ADMINs of their portfolio.

pub(crate) mod event;
mod list;
mod mutation;

use std::sync::Arc;

use app::query::{
    rows,
    webhook_events::{self, WebhookEvents},
    webhook_sources::Status,
};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

pub(crate) use event::WebhookEvent;
pub(crate) use list::WebhookSourceFilter;
pub(crate) use mutation::WebhookSourceMutation;

use crate::{
    error::optional,
    global_id::{Kind, encode},
    list::{Connection, Order, asked, request},
    person::Person,
    portfolio::Portfolio,
    record::record,
    session::session,
};
use event::WebhookEventFilter;

/// A webhook source.
#[derive(Clone)]
pub(crate) struct WebhookSource(Arc<rows::WebhookSource>);

record!(WebhookSource, rows::WebhookSource, administered);

/// Status of a webhook source.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(crate) enum WebhookSourceStatus {
    /// Events from the source are accepted.
    Enabled,
    /// Events from the source are refused until a person enables it.
    Disabled,
}

/// An integration that sends events to the system (incoming webhooks), signed as the Standard Webhooks specification
/// says. A source acts as a service that is a member of the portfolio: its events may do what the member's roles allow.
#[Object]
impl WebhookSource {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::WebhookSource, self.0.id)
    }

    /// Name of the source and of the service that it acts as, 1 to 100 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Purpose of the source, at most 500 characters. Null when none is given.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Path to which the source posts its events.
    async fn path(&self) -> String {
        format!("/webhooks/{}", self.0.id.simple())
    }

    /// Status.
    async fn status(&self) -> WebhookSourceStatus {
        Status::of(&self.0).into()
    }

    /// Time at which the source was disabled. Null while it is enabled.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// Time until which the previous secret is accepted too. Null when there is no previous secret.
    async fn previous_secret_until(&self) -> Option<DateTime<Utc>> {
        self.0.previous_secret_until
    }

    /// Service that the source acts as. Its roles are those of its membership.
    async fn person(&self, ctx: &Context<'_>) -> async_graphql::Result<Person> {
        Person::acting(ctx, self.0.person_id).await
    }

    /// Portfolio that the source belongs to.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        session(ctx)?.get(self.0.portfolio_id).await
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Person who created the source.
    async fn created_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(Person::by_name(ctx, self.0.created_by_id)).await
    }

    /// Time of the last change.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Events that the source sent.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all events.")] filter: Option<
            WebhookEventFilter,
        >,
        #[graphql(desc = "Sort order. Default: RECEIVED_AT, ASC.")] order_by: Option<Order<WebhookEvents>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<WebhookEvents>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (webhook_events::Parent::Source, self.0.id), asked).await
    }
}
