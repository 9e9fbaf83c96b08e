//! `send_test_webhook`: a message that says nothing, to try an endpoint out.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::{Delivery, Status},
};
use serde::{Deserialize, Serialize};

use super::{
    delivery_store,
    message::{self, DeliverWebhook},
    store,
};
use crate::{Command, Context, Error, Right, Target, global_id::Kind};

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
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEndpoint);
    type Output = Id<kind::WebhookDelivery>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let endpoint = store::lock(cx.tx(), self.endpoint_id).await?.endpoint;
        endpoint.require_enabled()?;
        let message = message::of_test(cx.id::<()>().uuid(), &endpoint, cx.now())?;
        let delivery = pending(cx, &endpoint);
        let rows = [(delivery.clone(), message.id)];
        delivery_store::insert(cx.tx(), &[message], &rows, cx.now()).await?;
        cx.send(&DeliverWebhook { delivery_id: delivery.id, attempt: delivery.next_attempt() })?;
        Ok(delivery.id)
    }
}

/// A new delivery to an endpoint.
pub(crate) fn pending(cx: &Context<'_>, endpoint: &domain::webhook::Endpoint) -> Delivery {
    Delivery {
        id: cx.id(),
        portfolio_id: endpoint.portfolio_id,
        endpoint_id: endpoint.id,
        status: Status::Pending { next_attempt_at: None },
        attempts: 0,
        tried: 0,
    }
}
