//! Portfolios and stage runs whose rows are to be made anew.

use app::{Error, messages::due, waiting};
use async_trait::async_trait;
use delivery::{
    Sweep,
    exercise::{Exercised, Progress, Work, World},
};
use domain::id::{Id, kind};
use uuid::Uuid;

use super::{RefreshPortfolio, RefreshStageRun, WatchPortfolios};
use crate::exercise::{Tenant, due_now};

/// A portfolio whose rows are to be up to date.
struct Portfolio(Id<kind::Portfolio>);

#[async_trait]
impl Exercised for WatchPortfolios {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        tenant.venture(world.app()).await?;
        due_now(world.app(), WatchPortfolios.name(), Uuid::nil()).await?;
        Ok(Box::new(Portfolio(tenant.portfolio_id)))
    }
}

#[async_trait]
impl Exercised for RefreshPortfolio {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        tenant.venture(world.app()).await?;
        waiting::begin_again(world.app(), tenant.portfolio_id).await?;
        Ok(Box::new(Portfolio(tenant.portfolio_id)))
    }
}

#[async_trait]
impl Work for Portfolio {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        if !waiting::is_fresh(world.app(), self.0).await? {
            return Ok(Progress::UnderWay("rows are to be made anew".to_owned()));
        }
        rows_are_right(world, self.0).await
    }
}

/// A stage run whose timer is due.
struct StageRun {
    portfolio: Id<kind::Portfolio>,
    run: Uuid,
}

#[async_trait]
impl Exercised for RefreshStageRun {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let (app, tenant) = (world.app(), Tenant::found(world.app()).await?);
        let run = tenant.stage_run(app).await?;
        due_now(app, RefreshStageRun.name(), run).await?;
        Ok(Box::new(StageRun { portfolio: tenant.portfolio_id, run }))
    }
}

#[async_trait]
impl Work for StageRun {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        if due::at(world.app(), RefreshStageRun.name(), self.run).await?.is_some() {
            return Ok(Progress::UnderWay("the timer of a stage run".to_owned()));
        }
        rows_are_right(world, self.portfolio).await
    }
}

/// Every row is there once, and none is left behind.
async fn rows_are_right(world: &dyn World, portfolio: Id<kind::Portfolio>) -> Result<Progress, Error> {
    let wrong = waiting::mismatches(world.app(), portfolio).await?;
    Ok(if wrong.is_empty() { Progress::Done } else { Progress::Wrong(wrong.join("; ")) })
}
