//! `kill_venture`: a venture is given up for good, and its run with it.

use async_trait::async_trait;
use domain::{Refusal, id::Id, venture::Venture};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
    stage_run::FlagLateStageRun,
};

/// Gives a venture up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KillVenture {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// Why: 3 to 500 characters.
    pub reason: String,
}

/// The venture was killed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureKilled {
    /// Why.
    pub reason: String,
}

impl Event for VentureKilled {
    const KIND: &'static str = "venture.killed.v1";
}

#[async_trait]
impl Command for KillVenture {
    const NAME: &'static str = "kill_venture";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<VentureKilled>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Venture);
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::root(self.venture_id).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.venture.map_or(Ok(()), |venture| venture.require_alive())
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let now = cx.now();
        cx.venture_mut()?.kill(&self.reason, now)?;
        let run = cx.stage_run_mut()?;
        run.abandon(now);
        let id = run.id;
        cx.unschedule(FlagLateStageRun::NAME, id.uuid()).await?;
        cx.emit(VentureKilled { reason: self.reason.clone() });
        Ok(self.venture_id)
    }
}
