//! Two events that one endpoint is told of.

use app::{
    Error,
    query::webhook_deliveries::{Parent, WebhookDeliveries},
};
use async_trait::async_trait;
use delivery::exercise::{Exercised, Progress, Work, World};
use domain::id::{Id, kind};

use super::DispatchWebhooks;
use crate::exercise::{Tenant, count};

/// How many events there were.
const EVENTS: usize = 2;

/// The endpoint that is told of them.
struct Listening(Id<kind::WebhookEndpoint>);

#[async_trait]
impl Exercised for DispatchWebhooks {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        let endpoint = tenant.endpoint(world, "venture.created.v1").await?;
        for _ in 0..EVENTS {
            tenant.venture(world.app()).await?;
        }
        Ok(Box::new(Listening(endpoint)))
    }
}

#[async_trait]
impl Work for Listening {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let made = count::<WebhookDeliveries>(world, Parent::Endpoint, self.0.uuid()).await?;
        Ok(Progress::count("deliveries made", made, EVENTS))
    }
}
