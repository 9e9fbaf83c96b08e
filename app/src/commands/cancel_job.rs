//! `cancel_job`: what was asked for is not wanted any more. The worker that comes to it finds it cancelled.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    job::{Job, Status},
};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::Event,
    store::{self, corrupt},
};

/// Cancels a job that has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelJob {
    /// The job.
    pub job: Job,
}

#[async_trait]
impl Command for CancelJob {
    const NAME: &'static str = "cancel_job";
    const RIGHT: Right = Right::PlaybookOrAsker;
    type Output = ();

    fn target(&self) -> Target {
        match self.job {
            Job::GateRun(id) => Target::GateRun(id),
        }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        match self.job {
            Job::GateRun(id) => cancel_gate_run(cx, id).await,
        }
    }
}

async fn cancel_gate_run(cx: &mut Context<'_>, id: Id<kind::GateRun>) -> Result<(), Error> {
    cx.person()?;
    let run = store::find::<entity::gate_run::Model>(cx.tx(), &cx.scope(), id).await?;
    Status::parse(&run.status).ok_or_else(|| corrupt("a job of no known status"))?.cancel()?;
    store::gate_run::end(cx.tx(), run.id, None, None, cx.now()).await?;
    let stage = u32::try_from(run.stage).map_err(|_| corrupt("a negative stage"))?;
    cx.emit(Event::GateRunCancelled { gate_run_id: id, stage, gate: run.gate });
    Ok(())
}
