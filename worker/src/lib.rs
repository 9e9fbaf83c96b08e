//! The workers: what each queue's consumer does, and how its process runs.
//!
//! A rule lives in `domain`, a transaction in `app`, retries and claims in `delivery`; here stands which
//! worker takes which message and which timer.

pub mod gate_validator;
mod late_stage_runs;
pub mod metrics_collector;
mod process_main;
mod purge;
mod webhook_event;

use delivery::Worker;

pub use process_main::run;

/// Every worker of the system.
pub fn all() -> Vec<Worker> {
    vec![gate_validator::worker(), metrics_collector::worker()]
}
