//! `disable_webhook_endpoint`: an address is told of nothing until a person enables it.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::DisabledReason,
};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::Event,
    store::{self, webhook_endpoint::Stored},
};

/// Disables a webhook endpoint, and cancels what is on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableWebhookEndpoint {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

#[async_trait]
impl Command for DisableWebhookEndpoint {
    const NAME: &'static str = "disable_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookEndpoint>;

    fn target(&self) -> Target {
        Target::WebhookEndpoint(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stored = store::webhook_endpoint::lock(cx.tx(), self.endpoint_id).await?;
        disable(cx, stored, DisabledReason::Requested).await?;
        Ok(self.endpoint_id)
    }
}

/// Disables an endpoint, which is locked, and records why.
pub(super) async fn disable(
    cx: &mut Context<'_>,
    mut stored: Stored,
    reason: DisabledReason,
) -> Result<(), Error> {
    let before = store::webhook_endpoint::state(&stored);
    stored.endpoint.disable(reason, cx.now())?;
    let (id, portfolio) = (stored.endpoint.id, stored.endpoint.portfolio_id);
    store::webhook_endpoint::save(cx.tx(), &mut stored, cx.now()).await?;
    store::webhook_delivery::cancel_pending(cx.tx(), id, cx.now()).await?;
    store::webhook_endpoint::count_listener(cx.tx(), portfolio, -1).await?;
    cx.changed(Some(before), Some(store::webhook_endpoint::state(&stored)));
    cx.emit(Event::WebhookEndpointDisabled { endpoint_id: id, reason });
    Ok(())
}
