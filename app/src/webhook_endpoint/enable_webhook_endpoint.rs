//! `enable_webhook_endpoint`: an address is told of events again.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Enables a webhook endpoint that was disabled. What was cancelled stays cancelled until it is redelivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnableWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

/// A webhook endpoint was enabled again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookEndpointEnabled {
    /// The webhook endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

impl Event for WebhookEndpointEnabled {
    const KIND: &'static str = "webhook_endpoint.enabled.v1";
}

#[async_trait]
impl Command for EnableWebhookEndpoint {
    const NAME: &'static str = "enable_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookEndpointEnabled>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEndpoint);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let mut stored = store::lock(cx.tx(), self.endpoint_id).await?;
        let before = store::state(&stored);
        stored.endpoint.enable()?;
        store::save(cx.tx(), &mut stored, cx.now()).await?;
        cx.portfolio_mut()?.listeners += 1;
        cx.changed(Some(before), Some(store::state(&stored)));
        cx.emit(WebhookEndpointEnabled { endpoint_id: self.endpoint_id });
        Ok(self.endpoint_id)
    }
}
