//! `record_webhook_attempt`: what came of an attempt at a delivery, and what follows.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    webhook::{Attempted, DisabledReason, Next},
};
use serde::{Deserialize, Serialize};

use super::{
    delivery_store, disable_webhook_endpoint::StopWebhookEndpoint, retry_webhook::RetryWebhook, store,
};
use crate::{Command, Context, Error, Right, Target};

/// Records an attempt. One that was not the next one, or came too late for its endpoint, changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordWebhookAttempt {
    /// The delivery.
    pub delivery_id: Id<kind::WebhookDelivery>,
    /// The attempt's number.
    pub attempt: u32,
    /// What came of it.
    pub attempted: Attempted,
}

#[async_trait]
impl Command for RecordWebhookAttempt {
    const NAME: &'static str = "record_webhook_attempt";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::record::<entity::webhook_delivery::Model>(self.delivery_id).appended()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let (now, key) = (cx.now(), self.delivery_id.uuid());
        let endpoint_id = Id::new(delivery_store::find(cx.tx(), self.delivery_id).await?.endpoint_id);
        let mut stored = match store::lock(cx.tx(), endpoint_id).await {
            Err(Error::NotFound) => return Ok(()),
            stored => stored?,
        };
        let mut delivery = delivery_store::lock(cx.tx(), self.delivery_id).await?;
        if !delivery.awaits(self.attempt) {
            return Ok(());
        }
        let next = delivery.attempted(&self.attempted.answer, now);
        let id = cx.id::<()>().uuid();
        delivery_store::insert_attempt(cx.tx(), id, &delivery, &self.attempted, now).await?;
        delivery_store::save(cx.tx(), &delivery).await?;
        if let Next::Retry(at) = next {
            cx.schedule(RetryWebhook::NAME, key, at).await?;
        }
        let before = stored.endpoint.state;
        let disabled = match next {
            Next::Delivered => {
                stored.endpoint.succeeded();
                None
            }
            Next::Gone => Some(DisabledReason::Gone),
            Next::Retry(_) | Next::GiveUp => stored.endpoint.failed(now).then_some(DisabledReason::Failing),
        };
        if stored.endpoint.state != before {
            store::save(cx.tx(), &mut stored, now).await?;
        }
        match disabled {
            Some(reason) => {
                let version = stored.endpoint.version;
                cx.send(&StopWebhookEndpoint { endpoint_id, reason, version })
            }
            None => Ok(()),
        }
    }
}
