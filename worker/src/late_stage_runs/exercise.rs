//! A venture whose first stage began long ago.

use app::Error;
use async_trait::async_trait;
use delivery::exercise::{Exercised, Progress, Work, World};
use domain::{id::Id, venture::Venture};

use super::LateStageRuns;
use crate::exercise::{Tenant, days_ago, events};

/// More days than any stage is expected to take.
const DAYS: i64 = 1_000;

/// The venture.
struct Late(Id<Venture>);

#[async_trait]
impl Exercised for LateStageRuns {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        Ok(Box::new(Late(tenant.venture(&days_ago(world.app(), DAYS)).await?)))
    }
}

#[async_trait]
impl Work for Late {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        Ok(events(world, self.0, "stage.late.v1", |_| true).await?.are("late stages flagged", 1))
    }
}
