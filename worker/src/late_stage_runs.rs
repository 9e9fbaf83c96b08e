//! The sweep over stage runs whose expected days are over.

use app::{Command, Context, Error, Scope, commands::FlagLateStageRun, store};
use async_trait::async_trait;
use delivery::{Next, Sweep};
use domain::{id::Id, stage_run::RunSubject};
use uuid::Uuid;

/// Its timers are set when a run opens and removed when it ends; the key is the run.
pub(crate) struct LateStageRuns;

#[async_trait]
impl Sweep for LateStageRuns {
    fn name(&self) -> &'static str {
        FlagLateStageRun::NAME
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        let run = match store::stage_run::find(cx.tx(), &Scope::All, Id::new(key)).await {
            Ok(run) => run,
            Err(Error::NotFound) => return Ok(Next::Never),
            Err(error) => return Err(error),
        };
        if let RunSubject::Venture(venture_id) = run.subject {
            cx.perform(&FlagLateStageRun { venture_id, stage_run_id: run.id }).await?;
        }
        Ok(Next::Never)
    }
}
