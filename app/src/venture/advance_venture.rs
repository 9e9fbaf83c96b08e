//! `advance_venture`: a venture leaves its stage through the exit gates and opens the next.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::Id,
    stage_run::StageRun,
    venture::{Status, Venture},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
    stage_run::{
        complete_stage_run::{StageCompleted, complete},
        open_stage_run::{StageOpened, begin},
        store,
    },
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

/// The venture completed the last stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureCompleted {}

impl Event for VentureCompleted {
    const KIND: &'static str = "venture.completed.v1";
}

#[async_trait]
impl Command for AdvanceVenture {
    const NAME: &'static str = "advance_venture";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[
        event::Declared::of::<StageCompleted>(),
        event::Declared::of::<StageOpened>(),
        event::Declared::of::<VentureCompleted>(),
    ];
    const ACTS_ON: Option<Kind> = Some(Kind::Venture);
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::root(self.venture_id).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        complete(cx).await?;
        open_next(cx).await?;
        Ok(self.venture_id)
    }
}

/// Opens the stage after the venture's, in the playbook that the portfolio uses now.
async fn open_next(cx: &mut Context<'_>) -> Result<(), Error> {
    let now = cx.now();
    let portfolio = cx.portfolio()?;
    let (portfolio_id, playbook_id) = (portfolio.id, portfolio.playbook_id);
    let playbook = cx.playbook(playbook_id).await?;
    let Some(next) = playbook.next_venture_stage(cx.venture()?.stage) else {
        cx.venture_mut()?.status = Status::Completed { since: now };
        cx.emit(VentureCompleted {});
        return Ok(());
    };
    let root = cx.root()?;
    let attempt = store::attempts(cx.tx(), root, next.number).await? + 1;
    let run = StageRun::open(cx.id(), portfolio_id, root, (playbook_id, next), attempt, now);
    let venture = cx.venture_mut()?;
    venture.stage_run_id = run.id;
    venture.stage = run.stage;
    begin(cx, run).await.map(drop)
}
