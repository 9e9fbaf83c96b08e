//! `flag_late_stage_run`: a run's expected days are over and it is open still. Taken up by a sweep.

use async_trait::async_trait;
use domain::{id::Id, stage_run::StageRun, venture::Venture};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Flags a late run, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlagLateStageRun {
    /// The venture whose run it is.
    pub venture_id: Id<Venture>,
    /// The run.
    pub stage_run_id: Id<StageRun>,
}

#[async_trait]
impl Command for FlagLateStageRun {
    const NAME: &'static str = "flag_late_stage_run";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: None }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut run = store::stage_run::find(cx.tx(), &cx.scope(), self.stage_run_id).await?;
        if run.is_open() && run.late_at.is_none() && run.due_at <= cx.now() {
            let playbook = cx.playbook(run.playbook_id).await?;
            let expected_days = playbook.stage(run.stage).map_or(0, |stage| stage.expected_days);
            run.late_at = Some(cx.now());
            store::stage_run::save(cx.tx(), &run).await?;
            cx.emit(Event::StageLate { stage_run_id: run.id, stage: run.stage, expected_days });
        }
        Ok(())
    }
}
