//! `gate-validator`: decides queued gate runs, flags late stage runs, makes what waits anew, folds counts, and forgets
//! what cannot repeat.

use app::messages::queues;
use delivery::{Handler, RegistrationError, Worker};

use crate::{
    decide_gate::DecideGate,
    fold_stage_counts::FoldStageCounts,
    late_stage_runs::LateStageRuns,
    purge::PurgeSweep,
    refresh_waiting::{RefreshPortfolio, RefreshStageRun, WatchPortfolios},
};

/// The consumer of the queue `gate-validator`.
pub fn worker() -> Result<Worker, RegistrationError> {
    let worker = Worker::new(queues::GATE_VALIDATOR).with_handler(Handler::command::<DecideGate>())?;
    let worker = worker.with_sweep(LateStageRuns).with_sweep(PurgeSweep).with_sweep(FoldStageCounts);
    Ok(worker.with_sweep(WatchPortfolios).with_sweep(RefreshPortfolio).with_sweep(RefreshStageRun))
}
