//! Mutations of ventures.

use app::{Command, commands};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::{
    id::Id,
    venture::{self, ProfileChange},
};

use super::Venture;
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, Seen, change},
    global_id::{Kind, id_of},
    portfolio::only_portfolio,
    session::session,
};

/// What mutations of a venture answer.
#[derive(SimpleObject, Default)]
pub(crate) struct VentureAnswer {
    /// The venture after the change. Null when the mutation was refused.
    venture: Option<Venture>,
}

impl<C: Command<Output = Id<venture::Venture>>> Payload<C> for VentureAnswer {
    async fn read(ctx: &Context<'_>, _: &C, id: Id<venture::Venture>) -> async_graphql::Result<Self> {
        Ok(Self { venture: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Input of `createVenture`.
#[derive(InputObject)]
pub(crate) struct CreateVenture {
    /// Global id of the portfolio. May be left out by a member of exactly one portfolio.
    portfolio_id: Option<ID>,
    /// Name, 3 to 120 characters.
    name: String,
    /// Description, 20 to 2,000 characters.
    description: String,
    /// Category, 2 to 60 characters. Default: none.
    category: Option<String>,
    /// IANA time zone, such as `Europe/Vienna`. Default: the portfolio's.
    time_zone: Option<String>,
    /// ISO 4217 code of the currency, such as `EUR`. Default: the portfolio's.
    currency: Option<String>,
}

impl Input for CreateVenture {
    type Command = commands::CreateVenture;
    type Payload = VentureAnswer;

    async fn command(self, ctx: &Context<'_>) -> Result<commands::CreateVenture, NotRun> {
        let portfolio_id = match &self.portfolio_id {
            Some(id) => id_of(Kind::Portfolio, id)?,
            None => Id::new(only_portfolio(session(ctx)?).await?.id),
        };
        Ok(commands::CreateVenture {
            portfolio_id,
            name: self.name,
            description: self.description,
            category: self.category,
            zone: self.time_zone,
            currency: self.currency,
        })
    }
}

/// Input of `updateVenture`.
#[derive(InputObject)]
pub(crate) struct UpdateVenture {
    /// Global id of the venture.
    venture_id: ID,
    #[graphql(flatten)]
    seen: Seen,
    /// New name, 3 to 120 characters.
    name: Option<String>,
    /// New description, 20 to 2,000 characters.
    description: Option<String>,
    /// New category, 2 to 60 characters. Null removes the category.
    category: MaybeUndefined<String>,
    /// New IANA time zone, such as `Europe/Vienna`.
    time_zone: Option<String>,
    /// New ISO 4217 code of the currency, such as `EUR`.
    currency: Option<String>,
}

impl Input for UpdateVenture {
    type Command = commands::UpdateVenture;
    type Payload = VentureAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::UpdateVenture, NotRun> {
        Ok(commands::UpdateVenture {
            venture_id: id_of(Kind::Venture, &self.venture_id)?,
            expected_version: self.seen.expected_version,
            change: ProfileChange {
                name: self.name,
                description: self.description,
                category: self.category.into(),
                zone: self.time_zone,
                currency: self.currency,
            },
        })
    }
}

/// Input of `advanceVenture`.
#[derive(InputObject)]
pub(crate) struct AdvanceVenture {
    /// Global id of the venture.
    venture_id: ID,
    #[graphql(flatten)]
    seen: Seen,
}

impl Input for AdvanceVenture {
    type Command = commands::AdvanceVenture;
    type Payload = VentureAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::AdvanceVenture, NotRun> {
        let venture_id = id_of(Kind::Venture, &self.venture_id)?;
        Ok(commands::AdvanceVenture { venture_id, expected_version: self.seen.expected_version })
    }
}

/// Input of `pauseVenture`.
#[derive(InputObject)]
pub(crate) struct PauseVenture {
    /// Global id of the venture.
    venture_id: ID,
    #[graphql(flatten)]
    seen: Seen,
    /// Reason, 3 to 500 characters.
    reason: String,
}

impl Input for PauseVenture {
    type Command = commands::PauseVenture;
    type Payload = VentureAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::PauseVenture, NotRun> {
        let venture_id = id_of(Kind::Venture, &self.venture_id)?;
        let expected_version = self.seen.expected_version;
        Ok(commands::PauseVenture { venture_id, expected_version, reason: self.reason })
    }
}

/// Input of `resumeVenture`.
#[derive(InputObject)]
pub(crate) struct ResumeVenture {
    /// Global id of the venture.
    venture_id: ID,
    #[graphql(flatten)]
    seen: Seen,
}

impl Input for ResumeVenture {
    type Command = commands::ResumeVenture;
    type Payload = VentureAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::ResumeVenture, NotRun> {
        let venture_id = id_of(Kind::Venture, &self.venture_id)?;
        Ok(commands::ResumeVenture { venture_id, expected_version: self.seen.expected_version })
    }
}

/// Input of `killVenture`.
#[derive(InputObject)]
pub(crate) struct KillVenture {
    /// Global id of the venture.
    venture_id: ID,
    #[graphql(flatten)]
    seen: Seen,
    /// Reason, 3 to 500 characters.
    reason: String,
}

impl Input for KillVenture {
    type Command = commands::KillVenture;
    type Payload = VentureAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::KillVenture, NotRun> {
        let venture_id = id_of(Kind::Venture, &self.venture_id)?;
        let expected_version = self.seen.expected_version;
        Ok(commands::KillVenture { venture_id, expected_version, reason: self.reason })
    }
}

/// Mutations of ventures.
#[derive(Default)]
pub(crate) struct VentureMutation;

/// Mutations of ventures.
#[Object]
impl VentureMutation {
    /// Creates a venture and opens a run of the first stage of the portfolio's playbook.
    async fn create_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new venture.")] input: Keyed<CreateVenture>,
    ) -> Changed<CreateVenture> {
        change(ctx, input).await
    }

    /// Changes fields of a venture. Fields that are not given stay as they are.
    async fn update_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture and its new values.")] input: Keyed<UpdateVenture>,
    ) -> Changed<UpdateVenture> {
        change(ctx, input).await
    }

    /// Moves a venture to its next stage. All labels of the stage must be attested, and all exit gates must have
    /// passed and would pass again now. After the last stage the venture is COMPLETED.
    async fn advance_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: Keyed<AdvanceVenture>,
    ) -> Changed<AdvanceVenture> {
        change(ctx, input).await
    }

    /// Pauses a venture until a person resumes it.
    async fn pause_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture and the reason.")] input: Keyed<PauseVenture>,
    ) -> Changed<PauseVenture> {
        change(ctx, input).await
    }

    /// Resumes a paused venture.
    async fn resume_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: Keyed<ResumeVenture>,
    ) -> Changed<ResumeVenture> {
        change(ctx, input).await
    }

    /// Gives a venture up for good. Its open stage run is abandoned.
    async fn kill_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture and the reason.")] input: Keyed<KillVenture>,
    ) -> Changed<KillVenture> {
        change(ctx, input).await
    }
}
