//! Jobs: what takes time, whatever it does.
#![expect(clippy::duplicated_attributes, reason = "two fields of the interface have one type")]

mod list;
mod mutation;
mod query;
mod subscription;

use std::sync::Arc;

use app::query::rows;
use async_graphql::{Enum, ID, Interface, SimpleObject};
use chrono::{DateTime, Utc};
use domain::job::{self, Status};

pub(crate) use mutation::JobMutation;
pub(crate) use query::JobQuery;
pub(crate) use subscription::JobSubscription;

use crate::{
    error::not_found,
    gate_run::GateRun,
    global_id::{self, Kind},
    record::FromRow,
};

/// Work that is requested now and done later by a worker.
#[derive(Interface)]
#[graphql(
    field(
        name = "id",
        ty = "ID",
        desc = "Global id. `cancelJob` takes it as `jobId`, `jobUpdated` as `id`."
    ),
    field(name = "status", ty = "JobStatus", desc = "Status."),
    field(name = "progress", ty = "JobProgress", desc = "Progress."),
    field(name = "error", ty = "Option<JobError>", desc = "Error. Null unless the status is FAILED."),
    field(name = "queued_at", ty = "DateTime<Utc>", desc = "Time of the request."),
    field(
        name = "started_at",
        ty = "Option<DateTime<Utc>>",
        desc = "Time at which a worker started the job. Null before that."
    ),
    field(
        name = "finished_at",
        ty = "Option<DateTime<Utc>>",
        desc = "Time at which the job succeeded, failed or was cancelled. Null before that."
    )
)]
pub(crate) enum Job {
    /// The validation of a gate.
    GateRun(GateRun),
}

impl FromRow for Job {
    type Row = rows::GateRun;

    fn of(row: Arc<rows::GateRun>) -> Self {
        Self::GateRun(GateRun(row))
    }
}

/// Status of a job.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(crate) enum JobStatus {
    /// The job waits for a worker.
    Queued,
    /// A worker runs the job.
    Running,
    /// The job is done and has a result.
    Succeeded,
    /// The job was given up and has an error.
    Failed,
    /// The job ended without a result: a person cancelled it, or it had become pointless.
    Cancelled,
}

/// Progress of a job.
#[derive(SimpleObject)]
pub(crate) struct JobProgress {
    /// Number of steps done.
    pub(crate) done: i32,
    /// Number of steps in total.
    pub(crate) total: i32,
}

/// Error of a job that failed.
#[derive(SimpleObject)]
pub(crate) struct JobError {
    /// Stable code of the error.
    pub(crate) code: String,
    /// One sentence for a person. The wording may change; programs read `code`.
    pub(crate) message: String,
}

/// The job that a global id names. Other ids are not found.
fn expect(id: &ID) -> async_graphql::Result<job::Job> {
    match global_id::decode(id) {
        Some((Kind::GateRun, key)) => Ok(job::Job::GateRun(key.into())),
        _ => Err(not_found("the job")),
    }
}
