//! Roots: ventures and portfolios, where the schema takes or gives either.

use async_graphql::{Context, ID, InputObject, Interface};
use domain::{Refusal, RootId};

use crate::{
    change::NotRun,
    global_id::{Kind, id_of},
    portfolio::Portfolio,
    session::session,
    venture::Venture,
};

/// What decisions go through: a venture or a portfolio. It has a version and a history.
#[derive(Interface)]
#[expect(clippy::duplicated_attributes, reason = "two fields are of one type")]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id."),
    field(
        name = "version",
        ty = "i64",
        desc = "Number of its changes, from 1. Mutations take it as `expectedVersion`."
    ),
    field(name = "sequence", ty = "i64", desc = "Number of the last event in its history, from 1.")
)]
pub(crate) enum Root {
    Venture(Venture),
    Portfolio(Portfolio),
}

impl Root {
    /// The root of an id, within the caller's sight.
    pub(crate) async fn of(ctx: &Context<'_>, id: RootId) -> async_graphql::Result<Self> {
        let session = session(ctx)?;
        Ok(match id {
            RootId::Venture(id) => Self::Venture(session.get(id.uuid()).await?),
            RootId::Portfolio(id) => Self::Portfolio(session.get(id.uuid()).await?),
        })
    }
}

/// The root in the inputs of mutations that take a venture or a portfolio: exactly one of the two is given.
#[derive(InputObject)]
pub(crate) struct RootInput {
    /// Global id of the venture. Give either `ventureId` or `portfolioId`.
    venture_id: Option<ID>,
    /// Global id of the portfolio, for a stage run of the portfolio itself.
    portfolio_id: Option<ID>,
}

impl RootInput {
    /// The root that is given.
    pub(crate) fn root(&self) -> Result<RootId, NotRun> {
        match (&self.venture_id, &self.portfolio_id) {
            (Some(id), None) => Ok(RootId::Venture(id_of(Kind::Venture, id)?)),
            (None, Some(id)) => Ok(RootId::Portfolio(id_of(Kind::Portfolio, id)?)),
            _ => Err(Refusal::invalid("ventureId", "give either ventureId or portfolioId").into()),
        }
    }
}
