//! `create_venture`: a venture, at the first stage of its portfolio's playbook.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    stage_run::{RunSubject, StageRun},
    venture::{Profile, Status, Venture},
};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, commands::FlagLateStageRun, event::Event, store};

/// Creates a venture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateVenture {
    /// The portfolio it is to belong to.
    pub portfolio_id: Id<kind::Portfolio>,
    /// 3 to 120 characters.
    pub name: String,
    /// 20 to 2,000 characters.
    pub description: String,
    /// 2 to 60 characters; it may follow later.
    pub category: Option<String>,
    /// IANA zone; none: the portfolio's.
    pub zone: Option<String>,
    /// ISO 4217 currency; none: the portfolio's.
    pub currency: Option<String>,
}

#[async_trait]
impl Command for CreateVenture {
    const NAME: &'static str = "create_venture";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::Portfolio(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio().await?;
        let profile = Profile::new(
            &self.name,
            &self.description,
            self.category.as_deref(),
            self.zone.as_deref().unwrap_or(&portfolio.zone),
            self.currency.as_deref().unwrap_or(&portfolio.currency),
        )?;
        let playbook_id = Id::new(portfolio.playbook_id);
        let playbook = cx.playbook(playbook_id).await?;
        let first =
            playbook.next_venture_stage(0).ok_or_else(|| anyhow::anyhow!("a playbook without stages"))?;
        let id = cx.id::<Venture>();
        let subject = RunSubject::Venture(id);
        let run = StageRun::open(cx.id(), self.portfolio_id, subject, (playbook_id, first), 1, cx.now());
        let venture = Venture {
            id,
            portfolio_id: self.portfolio_id,
            profile: profile.clone(),
            status: Status::Active,
            stage_run_id: run.id,
            stage: run.stage,
            version: 0,
            sequence: 0,
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        store::venture::insert(cx.tx(), &venture).await?;
        cx.hold(venture);
        store::stage_run::insert(cx.tx(), &run).await?;
        cx.schedule(FlagLateStageRun::NAME, run.id.uuid(), run.due_at).await?;
        cx.emit(Event::VentureCreated { profile, stage: run.stage });
        cx.emit(Event::StageOpened { stage_run_id: run.id, stage: run.stage, attempt: 1 });
        Ok(id)
    }
}
