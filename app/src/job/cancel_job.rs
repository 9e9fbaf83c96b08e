//! `cancel_job`: what was asked for is not wanted any more. The worker that comes to it finds it cancelled.

use async_trait::async_trait;
use domain::{Refusal, id::Id, job::Job};
use entity::gate_run;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event,
    gate_run::decide_gate::{self, GateRunCancelled},
    global_id::Kind,
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
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<GateRunCancelled>()];
    const ACTS_ON: Option<Kind> = Some(Kind::GateRun);
    type Output = ();

    fn target(&self) -> Target {
        match self.job {
            Job::GateRun(id) => Target::record::<gate_run::Model>(id),
        }
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        match standing.record::<gate_run::Model>() {
            Some(run) => run.status.cancel().map(drop),
            None => Ok(()),
        }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.person()?;
        match self.job {
            Job::GateRun(_) => {
                let run = cx.record_row::<gate_run::Model>()?.clone();
                cx.take_stage_run(Id::new(run.stage_run_id)).await?;
                decide_gate::cancel(cx, &run, None)
            }
        }
    }
}
