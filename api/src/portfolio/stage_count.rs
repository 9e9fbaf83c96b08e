//! Counts of a portfolio's ventures, for a board.

use std::{collections::HashMap, sync::Arc};

use app::venture::counts;
use async_graphql::SimpleObject;
use uuid::Uuid;

use crate::{
    loader::{Loads, Reader},
    venture::VentureStatus,
};

/// Number of ventures at a stage and in a status.
#[derive(SimpleObject)]
pub(crate) struct StageCount {
    /// Number of the stage.
    stage: i32,
    /// Status of the ventures.
    status: VentureStatus,
    /// Number of ventures, at least 1.
    ventures: i64,
}

impl StageCount {
    pub(super) fn of(count: &counts::StageCount) -> Self {
        Self { stage: i32::from(count.stage), status: count.status.0.into(), ventures: count.ventures }
    }
}

/// The counts of a portfolio, by the portfolio's id.
pub(super) struct StageCounts;

impl Loads for StageCounts {
    type Value = Arc<[counts::StageCount]>;

    async fn read(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        let counts = counts::of_portfolios(reader.app(), reader.scope(), ids).await?;
        Ok(counts.into_iter().map(|(id, counts)| (id, counts.into())).collect())
    }
}
