//! `send_test_webhook`: a message that says nothing, to try an endpoint out.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::{Delivery, Status},
};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target, store,
    webhook::{self, DeliverWebhook},
};

/// Sends a test to a webhook endpoint. It is retried, and counts, as any message does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendTestWebhook {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
}

#[async_trait]
impl Command for SendTestWebhook {
    const NAME: &'static str = "send_test_webhook";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookDelivery>;

    fn target(&self) -> Target {
        Target::WebhookEndpoint(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let endpoint = store::webhook_endpoint::lock(cx.tx(), self.endpoint_id).await?.endpoint;
        endpoint.require_enabled()?;
        let message = webhook::of_test(cx.id::<()>().uuid(), &endpoint, cx.now())?;
        let delivery = pending(cx, &endpoint);
        let rows = [(delivery.clone(), message.id)];
        store::webhook_delivery::insert(cx.tx(), &[message], &rows, cx.now()).await?;
        cx.send(&DeliverWebhook { delivery_id: delivery.id, attempt: delivery.next_attempt() })?;
        Ok(delivery.id)
    }
}

/// A new delivery to an endpoint.
pub(super) fn pending(cx: &Context<'_>, endpoint: &domain::webhook::Endpoint) -> Delivery {
    Delivery {
        id: cx.id(),
        portfolio_id: endpoint.portfolio_id,
        endpoint_id: endpoint.id,
        status: Status::Pending { next_attempt_at: None },
        attempts: 0,
        tried: 0,
    }
}
