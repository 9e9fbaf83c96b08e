//! An endpoint that was found failing.

use app::{
    Error, commands,
    messages::outbox::{self, Draft},
};
use async_trait::async_trait;
use delivery::exercise::{Exercised, Progress, Work, World};
use domain::{
    id::{Id, kind},
    webhook::DisabledReason,
};

use super::StopWebhookEndpoint;
use crate::exercise::Tenant;

/// The portfolio whose endpoint it is.
struct Stopped(Id<kind::Portfolio>);

#[async_trait]
impl Exercised for StopWebhookEndpoint {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let (app, tenant) = (world.app(), Tenant::found(world.app()).await?);
        let endpoint_id = tenant.endpoint(world, "stage.late.v1").await?;
        let reason = DisabledReason::Failing;
        let stop = commands::StopWebhookEndpoint { endpoint_id, reason, version: 1 };
        outbox::enqueue(app, Draft::of(app.ids().next(), &stop, &tenant.admin.headers)?).await?;
        Ok(Box::new(Stopped(tenant.portfolio_id)))
    }
}

#[async_trait]
impl Work for Stopped {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let history = world.history(self.0.uuid()).await?;
        let told = history.iter().filter(|event| event.kind == "webhook_endpoint.disabled.v1").count();
        Ok(Progress::count("times the endpoint was disabled", told, 1))
    }
}
