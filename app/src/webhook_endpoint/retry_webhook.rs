//! `retry_webhook`: the next attempt at a delivery, once it is due.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    webhook::Status,
};
use serde::{Deserialize, Serialize};

use super::{delivery_store, message::DeliverWebhook};
use crate::{Command, Context, Error, Right, Target};

/// Orders the next attempt at a delivery. One that ended meanwhile, or is under way, is left alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RetryWebhook {
    /// The delivery.
    pub delivery_id: Id<kind::WebhookDelivery>,
}

#[async_trait]
impl Command for RetryWebhook {
    const NAME: &'static str = "retry_webhook";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::record::<entity::webhook_delivery::Model>(self.delivery_id).appended()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut delivery = delivery_store::lock(cx.tx(), self.delivery_id).await?;
        let Status::Pending { next_attempt_at: Some(_) } = delivery.status else { return Ok(()) };
        delivery.status = Status::Pending { next_attempt_at: None };
        delivery_store::save(cx.tx(), &delivery).await?;
        cx.send(&DeliverWebhook { delivery_id: self.delivery_id, attempt: delivery.next_attempt() })
    }
}
