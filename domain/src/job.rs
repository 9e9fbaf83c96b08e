//! Jobs: what is asked for now and done later, by a worker. Each kind of job keeps its own record; how far
//! one can be, and when it may still be cancelled, is the same for all.

use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    id::{Id, kind},
    named::{Named, named},
    refusal::Code,
};

/// A job, by its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// The validation of a gate.
    GateRun(Id<kind::GateRun>),
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It is done, with a result.
    Succeeded,
    /// It was given up, with an error.
    Failed,
    /// It ended without a result, because nobody wants it any more.
    Cancelled,
}

named! {
    Status {
        Queued = "QUEUED",
        Running = "RUNNING",
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
        Cancelled = "CANCELLED",
    }
}

impl Status {
    /// The name, as columns and the API spell it.
    pub fn as_str(self) -> &'static str {
        Named::as_str(self)
    }

    /// The status with this name; none when no status has it.
    pub fn parse(name: &str) -> Option<Self> {
        Named::parse(name)
    }

    /// Whether nothing follows.
    pub fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }

    /// What becomes of it when it is cancelled; refuses what is over.
    pub fn cancel(self) -> Result<Self, Refusal> {
        if self.is_over() {
            let message = format!("the job has ended: it is {}", self.as_str());
            return Err(Refusal::new(Code::JobEnded, message).at("jobId"));
        }
        Ok(Self::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_over_is_cancelled() {
        for (status, over) in [
            (Status::Queued, false),
            (Status::Running, false),
            (Status::Succeeded, true),
            (Status::Failed, true),
            (Status::Cancelled, true),
        ] {
            assert_eq!(status.is_over(), over, "{status:?}");
            match status.cancel() {
                Ok(next) => assert!(!over && next == Status::Cancelled, "{status:?}"),
                Err(refusal) => assert!(over && refusal.code == Code::JobEnded, "{status:?}"),
            }
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("LOST"), None);
    }
}
