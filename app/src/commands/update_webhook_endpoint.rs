//! `update_webhook_endpoint`: another address, description, or choice of events.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::Change,
};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store, webhook};

/// Changes what was set of a webhook endpoint. What is on its way already goes to the new address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// What changes.
    pub change: Change,
}

#[async_trait]
impl Command for UpdateWebhookEndpoint {
    const NAME: &'static str = "update_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::WebhookEndpoint(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let mut stored = store::webhook_endpoint::lock(cx.tx(), self.endpoint_id).await?;
        let after = stored.endpoint.settings.changed(&self.change, &webhook::event_types())?;
        if after == stored.endpoint.settings {
            return Ok(self.endpoint_id);
        }
        let before = store::webhook_endpoint::state(&stored);
        stored.endpoint.settings = after;
        store::webhook_endpoint::save(cx.tx(), &mut stored, cx.now()).await?;
        cx.changed(Some(before), Some(store::webhook_endpoint::state(&stored)));
        let event_types = stored.endpoint.settings.event_types;
        cx.emit(Event::WebhookEndpointUpdated { endpoint_id: self.endpoint_id, event_types });
        Ok(self.endpoint_id)
    }
}
