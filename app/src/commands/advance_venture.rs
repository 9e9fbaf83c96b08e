//! `advance_venture`: a venture leaves its stage through the exit gates and opens the next.

use async_trait::async_trait;
use domain::{
    id::Id,
    stage_run::{RunSubject, StageRun},
    venture::{Status, Venture},
};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    commands::FlagLateStageRun,
    event::Event,
    store::{self, assessment::Assessment},
};

/// Moves a venture to its next stage; past the last one it is completed. Stages whose subject is the
/// portfolio are not a venture's to pass and are left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdvanceVenture {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
}

#[async_trait]
impl Command for AdvanceVenture {
    const NAME: &'static str = "advance_venture";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stage = complete(cx).await?;
        open_next(cx, stage).await?;
        Ok(self.venture_id)
    }
}

/// Completes the venture's run and gives the number of its stage.
async fn complete(cx: &mut Context<'_>) -> Result<u32, Error> {
    let now = cx.now();
    let venture = cx.venture()?;
    venture.require_active()?;
    let mut run = store::stage_run::find(cx.tx(), &cx.scope(), venture.stage_run_id).await?;
    let playbook = cx.playbook(run.playbook_id).await?;
    let stage = playbook.stage(run.stage).ok_or_else(|| store::corrupt("a run of no stage"))?;
    let verdicts = store::gate_run::verdicts(cx.tx(), run.id).await?;
    let looked_at = (&*playbook, stage);
    let assessment = Assessment::of(cx.tx(), venture, &run, looked_at, stage.exit_gates.iter(), now).await?;
    run.complete(&assessment.progress(&verdicts), now)?;
    store::stage_run::save(cx.tx(), &run).await?;
    cx.unschedule(FlagLateStageRun::NAME, run.id.uuid()).await?;
    cx.emit(Event::StageCompleted { stage_run_id: run.id, stage: run.stage });
    Ok(run.stage)
}

/// Opens the stage after `stage`, in the playbook that the portfolio uses now.
async fn open_next(cx: &mut Context<'_>, stage: u32) -> Result<(), Error> {
    let now = cx.now();
    let portfolio = cx.portfolio().await?;
    let playbook_id = Id::new(portfolio.playbook_id);
    let playbook = cx.playbook(playbook_id).await?;
    let Some(next) = playbook.next_venture_stage(stage) else {
        cx.venture_mut()?.status = Status::Completed { since: now };
        cx.emit(Event::VentureCompleted {});
        return Ok(());
    };
    let subject = RunSubject::Venture(cx.venture()?.id);
    let attempt = store::stage_run::attempts(cx.tx(), subject, next.number).await? + 1;
    let run = StageRun::open(cx.id(), Id::new(portfolio.id), subject, (playbook_id, next), attempt, now);
    store::stage_run::insert(cx.tx(), &run).await?;
    cx.schedule(FlagLateStageRun::NAME, run.id.uuid(), run.due_at).await?;
    let venture = cx.venture_mut()?;
    venture.stage_run_id = run.id;
    venture.stage = run.stage;
    cx.emit(Event::StageOpened { stage_run_id: run.id, stage: run.stage, attempt });
    Ok(())
}
