//! `delete_webhook_endpoint`: an address is told of nothing any more, for good.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{delivery_store, store};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Deletes a webhook endpoint with its secrets, and cancels what is on its way. Its deliveries stay on record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

/// A webhook endpoint was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookEndpointDeleted {
    /// The webhook endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

impl Event for WebhookEndpointDeleted {
    const KIND: &'static str = "webhook_endpoint.deleted.v1";
}

#[async_trait]
impl Command for DeleteWebhookEndpoint {
    const NAME: &'static str = "delete_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookEndpointDeleted>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEndpoint);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stored = store::lock(cx.tx(), self.endpoint_id).await?;
        store::delete(cx.tx(), self.endpoint_id, cx.now()).await?;
        delivery_store::cancel_pending(cx.tx(), self.endpoint_id, cx.now()).await?;
        if stored.endpoint.is_enabled() {
            cx.portfolio_mut()?.listeners -= 1;
        }
        cx.changed(Some(store::state(&stored)), None);
        cx.emit(WebhookEndpointDeleted { endpoint_id: self.endpoint_id });
        Ok(self.endpoint_id)
    }
}
