//! `gate-validator`: decides queued gate runs, flags late stage runs, and forgets what cannot repeat.

use std::sync::Arc;

use app::commands::DecideGate;
use delivery::{Handler, Worker};

use crate::{late_stage_runs::LateStageRuns, purge::PurgeSweep};

/// The consumer of the queue `gate-validator`.
pub fn worker() -> Worker {
    Worker {
        queue: "gate-validator",
        handlers: vec![Handler::command::<DecideGate>()],
        sweeps: vec![Arc::new(LateStageRuns), Arc::new(PurgeSweep)],
    }
}
