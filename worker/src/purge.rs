//! The sweep that forgets handled messages and answered requests past their days.

#[cfg(feature = "exercises")]
mod exercise;

use std::time::Duration;

use app::{Command, Context, Error, commands::Purge};
use async_trait::async_trait;
use delivery::{Next, Sweep};
use uuid::Uuid;

/// Due by itself, every hour.
pub(crate) struct PurgeSweep;

const EVERY: Duration = Duration::from_secs(3_600);

#[async_trait]
impl Sweep for PurgeSweep {
    fn name(&self) -> &'static str {
        Purge::NAME
    }

    fn every(&self) -> Option<Duration> {
        Some(EVERY)
    }

    async fn settle(&self, cx: &mut Context<'_>, _key: Uuid) -> Result<Next, Error> {
        cx.perform(&Purge {}).await?;
        Ok(Next::At(cx.now() + EVERY))
    }
}
