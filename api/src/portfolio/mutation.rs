//! Mutations of portfolios.

use std::sync::Arc;

use app::{Command, Scope, commands, query::batch};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id::{Id, kind};

use super::Portfolio;
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, Seen, change},
    error::problem,
    global_id::{Kind, id_of},
    session::session,
    stage_run::StageRun,
};

/// Input of `createPortfolio`.
#[derive(InputObject)]
pub(crate) struct CreatePortfolio {
    /// Short name, unique: 2 to 40 characters of a-z, 0-9 and `-`, starting with a letter.
    slug: String,
    /// Name, 2 to 120 characters.
    name: String,
    /// IANA time zone of new ventures, such as `Europe/Vienna`.
    #[graphql(default = "UTC")]
    time_zone: String,
    /// ISO 4217 code of the currency of new ventures.
    #[graphql(default = "EUR")]
    currency: String,
}

impl Input for CreatePortfolio {
    type Command = commands::CreatePortfolio;
    type Payload = CreatePortfolioAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::CreatePortfolio, NotRun> {
        let Self { slug, name, time_zone, currency } = self;
        Ok(commands::CreatePortfolio { slug, name, zone: time_zone, currency })
    }
}

/// What `createPortfolio` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct CreatePortfolioAnswer {
    /// The new portfolio. Null when the mutation was refused.
    portfolio: Option<Portfolio>,
}

impl Payload<commands::CreatePortfolio> for CreatePortfolioAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &commands::CreatePortfolio,
        id: Id<kind::Portfolio>,
    ) -> async_graphql::Result<Self> {
        // The session's scope was read before the caller became a member.
        let scope = Scope::Portfolios(vec![id.uuid()]);
        let found = batch::by_ids(session(ctx)?.app(), &scope, &[id.uuid()]).await;
        let row = found.map_err(|e| problem(&e))?.remove(&id.uuid());
        Ok(Self { portfolio: row.map(Arc::new).map(Portfolio) })
    }
}

/// Input of `openStageRun`.
#[derive(InputObject)]
pub(crate) struct OpenStageRun {
    /// Global id of the portfolio.
    portfolio_id: ID,
    #[graphql(flatten)]
    seen: Seen,
    /// Number of a stage of the portfolio, in the playbook that the portfolio uses now.
    stage: u32,
}

impl Input for OpenStageRun {
    type Command = commands::OpenStageRun;
    type Payload = StageRunAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::OpenStageRun, NotRun> {
        let portfolio_id = id_of(Kind::Portfolio, &self.portfolio_id)?;
        let expected_version = self.seen.expected_version;
        Ok(commands::OpenStageRun { portfolio_id, expected_version, stage: self.stage })
    }
}

/// Input of `completeStageRun`.
#[derive(InputObject)]
pub(crate) struct CompleteStageRun {
    /// Global id of the portfolio.
    portfolio_id: ID,
    #[graphql(flatten)]
    seen: Seen,
}

impl Input for CompleteStageRun {
    type Command = commands::CompleteStageRun;
    type Payload = StageRunAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::CompleteStageRun, NotRun> {
        let portfolio_id = id_of(Kind::Portfolio, &self.portfolio_id)?;
        Ok(commands::CompleteStageRun { portfolio_id, expected_version: self.seen.expected_version })
    }
}

/// Input of `skipStageRun`.
#[derive(InputObject)]
pub(crate) struct SkipStageRun {
    /// Global id of the portfolio.
    portfolio_id: ID,
    #[graphql(flatten)]
    seen: Seen,
    /// Reason, 3 to 500 characters.
    reason: String,
}

impl Input for SkipStageRun {
    type Command = commands::SkipStageRun;
    type Payload = StageRunAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::SkipStageRun, NotRun> {
        let portfolio_id = id_of(Kind::Portfolio, &self.portfolio_id)?;
        let expected_version = self.seen.expected_version;
        Ok(commands::SkipStageRun { portfolio_id, expected_version, reason: self.reason })
    }
}

/// What mutations of the portfolio's own stage runs answer.
#[derive(SimpleObject, Default)]
pub(crate) struct StageRunAnswer {
    /// The stage run after the change. Null when the mutation was refused.
    stage_run: Option<StageRun>,
}

impl<C: Command<Output = Id<domain::stage_run::StageRun>>> Payload<C> for StageRunAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &C,
        id: Id<domain::stage_run::StageRun>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { stage_run: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Mutations of portfolios.
#[derive(Default)]
pub(crate) struct PortfolioMutation;

/// Mutations of portfolios.
#[Object]
impl PortfolioMutation {
    /// Creates a portfolio. The caller becomes its ADMIN. Requires the role ADMIN in any portfolio.
    async fn create_portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new portfolio.")] input: Keyed<CreatePortfolio>,
    ) -> Changed<CreatePortfolio> {
        change(ctx, input).await
    }

    /// Opens a run of a stage whose subject is the portfolio. A portfolio has one open stage run at a time.
    async fn open_stage_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portfolio and the stage.")] input: Keyed<OpenStageRun>,
    ) -> Changed<OpenStageRun> {
        change(ctx, input).await
    }

    /// Completes the portfolio's open stage run: all labels are attested, and all exit gates have passed and still pass.
    async fn complete_stage_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portfolio.")] input: Keyed<CompleteStageRun>,
    ) -> Changed<CompleteStageRun> {
        change(ctx, input).await
    }

    /// Ends the portfolio's open stage run without completing it. The run has the status SKIPPED.
    async fn skip_stage_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portfolio and the reason.")] input: Keyed<SkipStageRun>,
    ) -> Changed<SkipStageRun> {
        change(ctx, input).await
    }
}
