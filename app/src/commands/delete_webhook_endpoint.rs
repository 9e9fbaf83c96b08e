//! `delete_webhook_endpoint`: an address is told of nothing any more, for good.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Deletes a webhook endpoint with its secrets, and cancels what is on its way. Its deliveries stay on record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

#[async_trait]
impl Command for DeleteWebhookEndpoint {
    const NAME: &'static str = "delete_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::WebhookEndpoint(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stored = store::webhook_endpoint::lock(cx.tx(), self.endpoint_id).await?;
        store::webhook_endpoint::delete(cx.tx(), self.endpoint_id, cx.now()).await?;
        store::webhook_delivery::cancel_pending(cx.tx(), self.endpoint_id, cx.now()).await?;
        if stored.endpoint.is_enabled() {
            store::webhook_endpoint::count_listener(cx.tx(), stored.endpoint.portfolio_id, -1).await?;
        }
        cx.changed(Some(store::webhook_endpoint::state(&stored)), None);
        cx.emit(Event::WebhookEndpointDeleted { endpoint_id: self.endpoint_id });
        Ok(self.endpoint_id)
    }
}
