//! Queries of playbooks.

use async_graphql::{Context, Object};

use super::{Playbook, Stage};
use crate::{
    portfolio::{by_slug, only_portfolio},
    session::session,
};

/// Queries of playbooks.
#[derive(Default)]
pub(crate) struct PlaybookQuery;

/// Queries of playbooks.
#[Object]
impl PlaybookQuery {
    /// The playbook that new stage runs of a portfolio start with. Null when the caller has no such portfolio.
    async fn playbook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Slug of the portfolio. May be left out by a member of exactly one portfolio.")]
        portfolio: Option<String>,
    ) -> Option<async_graphql::Result<Playbook>> {
        of_portfolio(ctx, portfolio).await.transpose()
    }

    /// A stage of that playbook. Null when the caller has no such portfolio, or the playbook no such stage.
    async fn stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of the stage, from 1.")] number: u32,
        #[graphql(desc = "Slug of the portfolio. May be left out by a member of exactly one portfolio.")]
        portfolio: Option<String>,
    ) -> Option<async_graphql::Result<Stage>> {
        let found = of_portfolio(ctx, portfolio).await.transpose()?;
        let stage = |found: Playbook| {
            found.playbook.stage(number).is_some().then(|| found.clone().stage_numbered(number))
        };
        found.map(stage).transpose()
    }
}

async fn of_portfolio(ctx: &Context<'_>, slug: Option<String>) -> async_graphql::Result<Option<Playbook>> {
    let playbook = match slug {
        None => only_portfolio(session(ctx)?).await?.playbook_id,
        Some(slug) => match by_slug(ctx, &slug).await? {
            Some(portfolio) => return portfolio.playbook(ctx).await.map(Some),
            None => return Ok(None),
        },
    };
    Playbook::by_id(ctx, playbook).await.map(Some)
}
