//! `flag_late_stage_run`: a stage run is open and past its due date. A sweep runs the command.

use async_trait::async_trait;
use domain::{RootId, id::Id, stage_run::StageRun};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
};

/// Flags a late run, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlagLateStageRun {
    /// The root whose run it is.
    #[serde(flatten)]
    pub root: RootId,
    /// The run.
    pub stage_run_id: Id<StageRun>,
}

/// The stage run is open and past its due date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageLate {
    /// The stage run.
    pub stage_run_id: Id<StageRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Days that the stage is expected to take.
    pub expected_days: u32,
}

impl Event for StageLate {
    const KIND: &'static str = "stage.late.v1";
}

#[async_trait]
impl Command for FlagLateStageRun {
    const NAME: &'static str = "flag_late_stage_run";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<StageLate>()];
    type Output = ();

    fn target(&self) -> Target {
        Target::root(self.root)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let now = cx.now();
        let run = cx.take_stage_run(self.stage_run_id).await?.clone();
        if run.is_open() && run.late_at.is_none() && run.due_at <= now {
            let playbook = cx.playbook(run.playbook_id).await?;
            let expected_days = playbook.stage(run.stage).map_or(0, |stage| stage.expected_days);
            cx.stage_run_mut()?.late_at = Some(now);
            cx.emit(StageLate { stage_run_id: run.id, stage: run.stage, expected_days });
        }
        Ok(())
    }
}
