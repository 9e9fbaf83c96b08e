//! How jobs are listed.

use app::query::jobs::{self, Jobs, OrderBy};
use async_graphql::{Enum, ID, InputObject};
use domain::job::Status;

use super::{Job, JobStatus};
use crate::{
    global_id::Kind,
    list::{Filtering, Listing, TimeRange, names, optional_id, period, set},
};

/// Kind of a job.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "jobs::Kind")]
pub(crate) enum JobKind {
    /// The job validates a gate. Its type is `GateRun`.
    GateValidation,
}

/// Conditions on jobs. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct JobFilter {
    /// Statuses, at most 100.
    statuses: Option<Vec<JobStatus>>,
    /// Kinds, at most 100.
    kinds: Option<Vec<JobKind>>,
    /// Global id of the venture that the job is for.
    venture_id: Option<ID>,
    /// True: only jobs that the caller requested. Default: jobs of all members.
    pub(super) mine: Option<bool>,
    /// Requested in this range.
    queued_at: Option<TimeRange>,
}

impl Filtering for JobFilter {
    type List = Jobs;

    /// The resolver adds the caller for `mine`.
    fn checked(self) -> async_graphql::Result<jobs::Filter> {
        Ok(jobs::Filter {
            statuses: names::<_, Status>("statuses", self.statuses)?,
            kinds: set("kinds", self.kinds, jobs::Kind::from)?,
            venture: optional_id(Kind::Venture, self.venture_id)?,
            asked_by: None,
            queued: period("queuedAt", self.queued_at)?,
        })
    }
}

/// Field to sort jobs by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum JobOrderField {
    /// Time of the request.
    QueuedAt,
}

impl Listing for Jobs {
    type Node = Job;
    type By = JobFilter;
    type OrderField = JobOrderField;

    const CONNECTION: &'static str = "JobConnection";
    const EDGE: &'static str = "JobEdge";
    const ORDER: &'static str = "JobOrder";
}
