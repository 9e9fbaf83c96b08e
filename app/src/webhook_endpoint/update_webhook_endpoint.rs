//! `update_webhook_endpoint`: another address, description, or choice of events.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::Change,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{message, store};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Changes what was set of a webhook endpoint. What is on its way already goes to the new address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// What changes.
    pub change: Change,
}

/// The URL, the description or the event types of a webhook endpoint changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookEndpointUpdated {
    /// The webhook endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// The event types it is told of; null: all.
    pub event_types: Option<Vec<String>>,
}

impl Event for WebhookEndpointUpdated {
    const KIND: &'static str = "webhook_endpoint.updated.v1";
}

#[async_trait]
impl Command for UpdateWebhookEndpoint {
    const NAME: &'static str = "update_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookEndpointUpdated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEndpoint);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let mut stored = store::lock(cx.tx(), self.endpoint_id).await?;
        let after = stored.endpoint.settings.changed(&self.change, &message::event_types())?;
        if after == stored.endpoint.settings {
            return Ok(self.endpoint_id);
        }
        let before = store::state(&stored);
        stored.endpoint.settings = after;
        store::save(cx.tx(), &mut stored, cx.now()).await?;
        cx.changed(Some(before), Some(store::state(&stored)));
        let event_types = stored.endpoint.settings.event_types;
        cx.emit(WebhookEndpointUpdated { endpoint_id: self.endpoint_id, event_types });
        Ok(self.endpoint_id)
    }
}
