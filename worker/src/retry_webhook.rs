//! The sweep over webhook deliveries whose next attempt is due.

#[cfg(feature = "exercises")]
mod exercise;

use app::{Command, Context, Error, commands::RetryWebhook};
use async_trait::async_trait;
use delivery::{Next, Sweep};
use domain::id::Id;
use uuid::Uuid;

/// Orders the next attempt at a delivery; the timer's key is the delivery.
pub(crate) struct RetryWebhooks;

#[async_trait]
impl Sweep for RetryWebhooks {
    fn name(&self) -> &'static str {
        RetryWebhook::NAME
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        match cx.perform(&RetryWebhook { delivery_id: Id::new(key) }).await {
            Ok(()) | Err(Error::NotFound) => Ok(Next::Never),
            Err(error) => Err(error),
        }
    }
}
