//! The sweep that folds the counts of ventures by stage and status.

#[cfg(feature = "exercises")]
mod exercise;

use std::time::Duration;

use app::{Context, Error, venture::counts};
use async_trait::async_trait;
use delivery::{Next, Sweep};
use uuid::Uuid;

/// Due by itself, every minute.
pub(crate) struct FoldStageCounts;

const EVERY: Duration = Duration::from_secs(60);

#[async_trait]
impl Sweep for FoldStageCounts {
    fn name(&self) -> &'static str {
        "fold_stage_counts"
    }

    fn every(&self) -> Option<Duration> {
        Some(EVERY)
    }

    async fn settle(&self, cx: &mut Context<'_>, _key: Uuid) -> Result<Next, Error> {
        let is_more = counts::fold_all(cx).await?;
        Ok(Next::At(if is_more { cx.now() } else { cx.now() + EVERY }))
    }
}
