//! A webhook that its receiver refuses once and takes then.

use app::Error;
use async_trait::async_trait;
use delivery::exercise::{Exercised, Work, World};

use super::CallEndpoint;
use crate::exercise::Tenant;

#[async_trait]
impl Exercised for CallEndpoint {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        Ok(Box::new(tenant.test_webhook(world).await?))
    }
}
