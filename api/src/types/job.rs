//! Jobs: what takes time, whatever it does.
#![expect(clippy::duplicated_attributes, reason = "two fields of the interface have one type")]

use std::sync::Arc;

use app::query::{jobs, rows};
use async_graphql::{Enum, ID, Interface, SimpleObject};
use chrono::{DateTime, Utc};
use domain::job::{self, Status};

use super::gate_run::GateRun;
use crate::{
    error::not_found,
    global_id::{self, Kind},
};

/// What is asked for now and done later, by a worker.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Its global id: what `cancelJob` and `jobUpdated` take."),
    field(name = "status", ty = "JobStatus", desc = "How far it is."),
    field(name = "progress", ty = "JobProgress", desc = "How much of it is done."),
    field(name = "error", ty = "Option<JobError>", desc = "Why it failed; null unless it is FAILED."),
    field(name = "queued_at", ty = "DateTime<Utc>", desc = "When it was asked for."),
    field(name = "started_at", ty = "Option<DateTime<Utc>>", desc = "When a worker began it; null before."),
    field(
        name = "finished_at",
        ty = "Option<DateTime<Utc>>",
        desc = "When it ended, in whatever way; null before."
    )
)]
pub(crate) enum Job {
    /// The validation of a gate.
    GateRun(GateRun),
}

impl Job {
    /// The job of a row.
    pub(crate) fn of(row: Arc<rows::GateRun>) -> Self {
        Self::GateRun(GateRun(row))
    }
}

/// How far a job is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(crate) enum JobStatus {
    /// Waiting for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// Done, with a result.
    Succeeded,
    /// Given up, with an error.
    Failed,
    /// Ended without a result, because a person cancelled it or it had become pointless.
    Cancelled,
}

/// What a job does.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "jobs::Kind")]
pub(crate) enum JobKind {
    /// It validates a gate: a `GateRun`.
    GateValidation,
}

/// How much of a job is done.
#[derive(SimpleObject)]
pub(crate) struct JobProgress {
    /// Steps done.
    pub(crate) done: i32,
    /// Steps in all.
    pub(crate) total: i32,
}

/// Why a job failed.
#[derive(SimpleObject)]
pub(crate) struct JobError {
    /// What kind of error it is. It does not change.
    pub(crate) code: String,
    /// One sentence for a person. It may be reworded at any time.
    pub(crate) message: String,
}

/// The job that a global id names; anything else is not found.
pub(crate) fn expect(id: &ID) -> async_graphql::Result<job::Job> {
    match global_id::decode(id) {
        Some((Kind::GateRun, key)) => Ok(job::Job::GateRun(key.into())),
        _ => Err(not_found("the job")),
    }
}
