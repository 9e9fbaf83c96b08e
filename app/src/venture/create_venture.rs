//! `create_venture`: a venture, at the first stage of its portfolio's playbook.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    stage_run::StageRun,
    venture::{Profile, Status, Venture},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    stage_run::open_stage_run::{StageOpened, begin},
};

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

/// A venture was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureCreated {
    /// Name, description, category, time zone and currency.
    pub profile: Profile,
    /// Number of the stage.
    pub stage: u32,
}

impl Event for VentureCreated {
    const KIND: &'static str = "venture.created.v1";
}

#[async_trait]
impl Command for CreateVenture {
    const NAME: &'static str = "create_venture";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] =
        &[event::Declared::of::<VentureCreated>(), event::Declared::of::<StageOpened>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::within(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio()?;
        let profile = Profile::new(
            &self.name,
            &self.description,
            self.category.as_deref(),
            self.zone.as_deref().unwrap_or(portfolio.zone.name()),
            self.currency.as_deref().unwrap_or(portfolio.currency.code()),
        )?;
        let playbook_id = portfolio.playbook_id;
        let playbook = cx.playbook(playbook_id).await?;
        let first =
            playbook.next_venture_stage(0).ok_or_else(|| anyhow::anyhow!("a playbook without stages"))?;
        let id = cx.id::<Venture>();
        let run = StageRun::open(cx.id(), self.portfolio_id, id.into(), (playbook_id, first), 1, cx.now());
        cx.make_venture(Venture {
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
        });
        cx.emit(VentureCreated { profile, stage: run.stage });
        begin(cx, run).await?;
        Ok(id)
    }
}
