//! The sweep over stage runs whose expected days are over.

#[cfg(feature = "exercises")]
mod exercise;

use app::{Command, Context, Error, Scope, commands::FlagLateStageRun, stage_run};
use async_trait::async_trait;
use delivery::{Next, Sweep};
use domain::id::Id;
use uuid::Uuid;

/// Its timers are set when a run opens and removed when it ends; the key is the run.
pub(crate) struct LateStageRuns;

#[async_trait]
impl Sweep for LateStageRuns {
    fn name(&self) -> &'static str {
        FlagLateStageRun::NAME
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        let run = match stage_run::store::find(cx.tx(), &Scope::All, Id::new(key)).await {
            Ok(run) => run,
            Err(Error::NotFound) => return Ok(Next::Never),
            Err(error) => return Err(error),
        };
        cx.perform(&FlagLateStageRun { root: run.root, stage_run_id: run.id }).await?;
        Ok(Next::Never)
    }
}
