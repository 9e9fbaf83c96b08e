//! How stage runs are listed.

use app::query::stage_runs::{self, OrderBy, StageRuns};
use async_graphql::{Enum, InputObject};
use domain::stage_run::StatusKind;

use super::{StageRun, StageRunStatus};
use crate::list::{Filtering, Listing, TimeRange, names, period, set};

/// Conditions on stage runs. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct StageRunFilter {
    /// Numbers of stages, at most 100.
    stages: Option<Vec<u32>>,
    /// Statuses, at most 100.
    statuses: Option<Vec<StageRunStatus>>,
    /// True: only runs flagged as late. False: only the others. Default: both.
    late: Option<bool>,
    /// Opened in this range.
    started_at: Option<TimeRange>,
}

impl Filtering for StageRunFilter {
    type List = StageRuns;

    fn checked(self) -> async_graphql::Result<stage_runs::Filter> {
        Ok(stage_runs::Filter {
            stages: set("stages", self.stages, |stage| stage)?,
            statuses: names::<_, StatusKind>("statuses", self.statuses)?,
            late: self.late,
            started: period("startedAt", self.started_at)?,
        })
    }
}

/// Field to sort stage runs by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum StageRunOrderField {
    /// Time at which the run was opened.
    StartedAt,
    /// Time at which the expected days are over.
    DueAt,
}

impl Listing for StageRuns {
    type Node = StageRun;
    type By = StageRunFilter;
    type OrderField = StageRunOrderField;

    const CONNECTION: &'static str = "StageRunConnection";
    const EDGE: &'static str = "StageRunEdge";
    const ORDER: &'static str = "StageRunOrder";
}
