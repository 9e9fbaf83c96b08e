//! `kill_venture`: a venture is given up for good, and its run with it.

use async_trait::async_trait;
use domain::{id::Id, venture::Venture};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, commands::FlagLateStageRun, event::Event, store};

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

#[async_trait]
impl Command for KillVenture {
    const NAME: &'static str = "kill_venture";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let now = cx.now();
        cx.venture_mut()?.kill(&self.reason, now)?;
        let mut run = store::stage_run::find(cx.tx(), &cx.scope(), cx.venture()?.stage_run_id).await?;
        run.abandon(now);
        store::stage_run::save(cx.tx(), &run).await?;
        cx.unschedule(FlagLateStageRun::NAME, run.id.uuid()).await?;
        cx.emit(Event::VentureKilled { reason: self.reason.clone() });
        Ok(self.venture_id)
    }
}
