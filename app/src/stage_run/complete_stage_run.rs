//! `complete_stage_run`: the portfolio leaves its stage through the exit gates.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    stage_run::StageRun,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FlagLateStageRun;
use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    gate_run::assessment::Assessment,
    global_id::Kind,
    store::corrupt,
};

/// Completes the portfolio's open stage run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompleteStageRun {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
}

/// The stage run was completed: all labels attested, all exit gates passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageCompleted {
    /// The stage run.
    pub stage_run_id: Id<StageRun>,
    /// Number of the stage.
    pub stage: u32,
}

impl Event for StageCompleted {
    const KIND: &'static str = "stage.completed.v1";
}

#[async_trait]
impl Command for CompleteStageRun {
    const NAME: &'static str = "complete_stage_run";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<StageCompleted>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = Id<StageRun>;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        cx.find_stage_run().await?;
        complete(cx).await?;
        Ok(cx.stage_run()?.id)
    }
}

/// Completes the root's stage run: its labels are attested, and its exit gates have passed and pass still.
pub(crate) async fn complete(cx: &mut Context<'_>) -> Result<(), Error> {
    let now = cx.now();
    let playbook = cx.playbook(cx.stage_run()?.playbook_id).await?;
    let stage = playbook.stage(cx.stage_run()?.stage).ok_or_else(|| corrupt("a run of no stage"))?;
    let assessment = Assessment::of(cx, (&playbook, stage), stage.exit_gates.iter()).await?;
    let run = cx.stage_run_mut()?;
    let progress = assessment.progress(run);
    run.complete(&progress, now)?;
    let (id, stage) = (run.id, run.stage);
    cx.unschedule(FlagLateStageRun::NAME, id.uuid()).await?;
    cx.emit(StageCompleted { stage_run_id: id, stage });
    Ok(())
}
