//! `disable_webhook_endpoint`: an address is told of nothing until a person enables it.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::DisabledReason,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    delivery_store,
    store::{self, Stored},
};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    messages::{Message, queues},
};

/// Disables a webhook endpoint, and cancels what is on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

/// A webhook endpoint was disabled: by a person, or because deliveries to it failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookEndpointDisabled {
    /// The webhook endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// Why it was disabled.
    pub reason: DisabledReason,
}

impl Event for WebhookEndpointDisabled {
    const KIND: &'static str = "webhook_endpoint.disabled.v1";
}

#[async_trait]
impl Command for DisableWebhookEndpoint {
    const NAME: &'static str = "disable_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookEndpointDisabled>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEndpoint);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stored = store::lock(cx.tx(), self.endpoint_id).await?;
        disable(cx, stored, DisabledReason::Requested).await?;
        Ok(self.endpoint_id)
    }
}

/// Disables an endpoint that does not take what it is sent. What was recorded of its attempts is appended, without the
/// portfolio's lock; this is the one command on the portfolio that says what they add up to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StopWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// What its receiver does.
    pub reason: DisabledReason,
    /// The endpoint's version that was found failing: one that a person changed since is left alone.
    pub version: i64,
}

impl Message for StopWebhookEndpoint {
    const NAME: &'static str = <Self as Command>::NAME;
    const QUEUE: &'static str = queues::NOTIFIER;
}

#[async_trait]
impl Command for StopWebhookEndpoint {
    const NAME: &'static str = "stop_webhook_endpoint";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookEndpointDisabled>()];
    type Output = ();

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let stored = match store::lock(cx.tx(), self.endpoint_id).await {
            Err(Error::NotFound) => return Ok(()),
            stored => stored?,
        };
        if !stored.endpoint.is_enabled() || stored.endpoint.version != self.version {
            return Ok(());
        }
        disable(cx, stored, self.reason).await
    }
}

/// Disables an endpoint, which is locked, and records why.
pub(crate) async fn disable(
    cx: &mut Context<'_>,
    mut stored: Stored,
    reason: DisabledReason,
) -> Result<(), Error> {
    let before = store::state(&stored);
    stored.endpoint.disable(reason, cx.now())?;
    let id = stored.endpoint.id;
    store::save(cx.tx(), &mut stored, cx.now()).await?;
    delivery_store::cancel_pending(cx.tx(), id, cx.now()).await?;
    cx.portfolio_mut()?.listeners -= 1;
    cx.changed(Some(before), Some(store::state(&stored)));
    cx.emit(WebhookEndpointDisabled { endpoint_id: id, reason });
    Ok(())
}
