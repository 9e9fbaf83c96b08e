//! `enable_webhook_endpoint`: an address is told of events again.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Enables a webhook endpoint that was disabled. What was cancelled stays cancelled until it is redelivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnableWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

#[async_trait]
impl Command for EnableWebhookEndpoint {
    const NAME: &'static str = "enable_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::WebhookEndpoint(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let mut stored = store::webhook_endpoint::lock(cx.tx(), self.endpoint_id).await?;
        let before = store::webhook_endpoint::state(&stored);
        stored.endpoint.enable()?;
        store::webhook_endpoint::save(cx.tx(), &mut stored, cx.now()).await?;
        store::webhook_endpoint::count_listener(cx.tx(), stored.endpoint.portfolio_id, 1).await?;
        cx.changed(Some(before), Some(store::webhook_endpoint::state(&stored)));
        cx.emit(Event::WebhookEndpointEnabled { endpoint_id: self.endpoint_id });
        Ok(self.endpoint_id)
    }
}
