//! `redeliver_webhook`: a delivery begins anew, with the whole schedule before it.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
};
use serde::{Deserialize, Serialize};

use super::{delivery_store, message::DeliverWebhook, retry_webhook::RetryWebhook, store};
use crate::{Command, Context, Error, Right, Target, global_id::Kind};

/// Sends a message to its endpoint again, whatever came of it before: the same id and body, a new signature.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RedeliverWebhook {
    /// The delivery.
    pub delivery_id: Id<kind::WebhookDelivery>,
}

#[async_trait]
impl Command for RedeliverWebhook {
    const NAME: &'static str = "redeliver_webhook";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookDelivery);
    type Output = Id<kind::WebhookDelivery>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_delivery::Model>(self.delivery_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let endpoint_id = delivery_store::find(cx.tx(), self.delivery_id).await?.endpoint_id;
        store::lock(cx.tx(), Id::new(endpoint_id)).await?.endpoint.require_enabled()?;
        let mut delivery = delivery_store::lock(cx.tx(), self.delivery_id).await?;
        let before = delivery.status.name();
        delivery.again();
        delivery_store::save(cx.tx(), &delivery).await?;
        cx.unschedule(RetryWebhook::NAME, self.delivery_id.uuid()).await?;
        let state = |status| serde_json::json!({ "delivery_id": self.delivery_id, "status": status });
        cx.changed(Some(state(before)), Some(state(delivery.status.name())));
        cx.send(&DeliverWebhook { delivery_id: self.delivery_id, attempt: delivery.next_attempt() })?;
        Ok(self.delivery_id)
    }
}
