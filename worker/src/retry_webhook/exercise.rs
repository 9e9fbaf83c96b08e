//! A webhook that its receiver refuses once: the second attempt is a timer's.

use app::Error;
use async_trait::async_trait;
use delivery::exercise::{Exercised, Work, World};

use super::RetryWebhooks;
use crate::exercise::Tenant;

#[async_trait]
impl Exercised for RetryWebhooks {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        Ok(Box::new(tenant.test_webhook(world).await?))
    }
}
