//! A venture that was paused and resumed so often that its portfolio's counts are worth folding.

use app::{
    Error, Scope,
    commands::{PauseVenture, ResumeVenture},
    venture::counts,
};
use async_trait::async_trait;
use delivery::{
    Sweep,
    exercise::{Exercised, Progress, Work, World},
};
use domain::id::{Id, kind};
use uuid::Uuid;

use super::FoldStageCounts;
use crate::exercise::{Tenant, due_now};

/// How often the venture is paused and resumed.
const TIMES: u32 = 20;

/// The portfolio.
struct Counted(Id<kind::Portfolio>);

#[async_trait]
impl Exercised for FoldStageCounts {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let (app, tenant) = (world.app(), Tenant::found(world.app()).await?);
        let venture_id = tenant.venture(app).await?;
        for _ in 0..TIMES {
            let reason = "An exercise.".to_owned();
            let pause = PauseVenture { venture_id, expected_version: None, reason };
            app.execute(&tenant.chairman, &pause).await?;
            app.execute(&tenant.chairman, &ResumeVenture { venture_id, expected_version: None }).await?;
        }
        due_now(app, FoldStageCounts.name(), Uuid::nil()).await?;
        Ok(Box::new(Counted(tenant.portfolio_id)))
    }
}

#[async_trait]
impl Work for Counted {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let (app, id) = (world.app(), self.0.uuid());
        let counts = counts::of_portfolios(app, &Scope::All, &[id]).await?;
        let ventures: i64 = counts.get(&id).into_iter().flatten().map(|count| count.ventures).sum();
        if ventures != 1 {
            return Ok(Progress::Wrong(format!("{ventures} ventures are counted instead of 1")));
        }
        // More than stay as they are were appended. Folded while they were, they leave some that came after.
        let rows = i64::try_from(counts::rows(app, self.0).await?).unwrap_or(i64::MAX);
        Ok(if rows <= counts::FOLDED_FROM {
            Progress::Done
        } else {
            Progress::UnderWay(format!("{rows} rows of counts"))
        })
    }
}
