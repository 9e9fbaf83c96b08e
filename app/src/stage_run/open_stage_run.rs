//! `open_stage_run`: the portfolio begins a stage whose subject is the portfolio.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    playbook::Subject,
    refusal::Code,
    stage_run::StageRun,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FlagLateStageRun, store};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Opens a run of a stage of the portfolio. A portfolio has one open stage run at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenStageRun {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// Number of the stage, in the playbook that the portfolio uses now.
    pub stage: u32,
}

/// A stage run opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageOpened {
    /// The stage run.
    pub stage_run_id: Id<StageRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Counts the runs of this stage by the same root, from 1.
    pub attempt: u32,
}

impl Event for StageOpened {
    const KIND: &'static str = "stage.opened.v1";
}

#[async_trait]
impl Command for OpenStageRun {
    const NAME: &'static str = "open_stage_run";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<StageOpened>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = Id<StageRun>;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id).seen(self.expected_version)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        if store::open_of_portfolio(cx.tx(), self.portfolio_id).await?.is_some() {
            let message = "the portfolio has an open stage run: complete or skip it first";
            return Err(Refusal::new(Code::StageRunOpen, message).into());
        }
        let playbook_id = cx.portfolio()?.playbook_id;
        let playbook = cx.playbook(playbook_id).await?;
        let stage = playbook.stage(self.stage).filter(|stage| stage.subject == Subject::Portfolio);
        let stage = stage.ok_or_else(|| {
            let message = format!("stage {} is not a stage of the portfolio", self.stage);
            Refusal::new(Code::UnknownStage, message).at("stage")
        })?;
        let root = cx.root()?;
        let attempt = store::attempts(cx.tx(), root, stage.number).await? + 1;
        let run = StageRun::open(cx.id(), self.portfolio_id, root, (playbook_id, stage), attempt, cx.now());
        begin(cx, run).await
    }
}

/// Opens a run as the current one of its root, and has it flagged should it become late.
pub(crate) async fn begin(cx: &mut Context<'_>, run: StageRun) -> Result<Id<StageRun>, Error> {
    cx.schedule(FlagLateStageRun::NAME, run.id.uuid(), run.due_at).await?;
    cx.emit(StageOpened { stage_run_id: run.id, stage: run.stage, attempt: run.attempt });
    let id = run.id;
    cx.open_stage_run(run);
    Ok(id)
}
