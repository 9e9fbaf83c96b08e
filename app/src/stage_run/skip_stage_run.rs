//! `skip_stage_run`: a person decides that the portfolio leaves a stage out.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    stage_run::StageRun,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FlagLateStageRun;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Ends the portfolio's open stage run without completing it. The run is SKIPPED, with the reason in the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SkipStageRun {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// Why: 3 to 500 characters.
    pub reason: String,
}

/// The stage run was skipped: a person left the stage out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageSkipped {
    /// The stage run.
    pub stage_run_id: Id<StageRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Why.
    pub reason: String,
}

impl Event for StageSkipped {
    const KIND: &'static str = "stage.skipped.v1";
}

#[async_trait]
impl Command for SkipStageRun {
    const NAME: &'static str = "skip_stage_run";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<StageSkipped>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = Id<StageRun>;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id).seen(self.expected_version)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        cx.find_stage_run().await?;
        let now = cx.now();
        let run = cx.stage_run_mut()?;
        let reason = run.skip(&self.reason, now)?;
        let (id, stage) = (run.id, run.stage);
        cx.unschedule(FlagLateStageRun::NAME, id.uuid()).await?;
        cx.emit(StageSkipped { stage_run_id: id, stage, reason });
        Ok(id)
    }
}
