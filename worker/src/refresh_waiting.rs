//! The sweeps that make the rows of what waits anew, after something changed that passes through no root.

#[cfg(feature = "exercises")]
mod exercise;

use std::time::Duration;

use app::{Context, Error, waiting};
use async_trait::async_trait;
use delivery::{Next, Sweep};
use domain::id::Id;
use uuid::Uuid;

/// How often portfolios are looked at.
const EVERY: Duration = Duration::from_secs(30);

/// Looks at every portfolio for facts, a playbook or rights that changed.
pub(crate) struct WatchPortfolios;

#[async_trait]
impl Sweep for WatchPortfolios {
    fn name(&self) -> &'static str {
        "watch_portfolios"
    }

    fn every(&self) -> Option<Duration> {
        Some(EVERY)
    }

    async fn settle(&self, cx: &mut Context<'_>, _key: Uuid) -> Result<Next, Error> {
        waiting::watch_portfolios(cx).await?;
        Ok(Next::At(cx.now() + EVERY))
    }
}

/// Makes the rows of a portfolio's stage runs anew, some at a time; the key is the portfolio.
pub(crate) struct RefreshPortfolio;

#[async_trait]
impl Sweep for RefreshPortfolio {
    fn name(&self) -> &'static str {
        waiting::REFRESH_PORTFOLIO
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        let more = waiting::refresh_portfolio(cx, Id::new(key)).await?;
        Ok(if more { Next::At(cx.now()) } else { Next::Never })
    }
}

/// Makes the rows of a stage run anew once one of its facts has gone stale; the key is the run.
pub(crate) struct RefreshStageRun;

#[async_trait]
impl Sweep for RefreshStageRun {
    fn name(&self) -> &'static str {
        waiting::REFRESH_STAGE_RUN
    }

    async fn settle(&self, cx: &mut Context<'_>, key: Uuid) -> Result<Next, Error> {
        let stale_at = waiting::refresh_stage_run(cx, Id::new(key)).await?;
        Ok(stale_at.map_or(Next::Never, Next::At))
    }
}
