//! The workers: what each queue's consumer does, and how its process runs.
//!
//! A rule lives in `domain`, a transaction in `app`, retries and claims in `delivery`; here stands which
//! worker takes which message and which timer.

pub mod gate_validator;
mod late_stage_runs;
pub mod metrics_collector;
pub mod notifier;
mod process_main;
mod purge;
mod webhook_event;
mod webhooks;

use delivery::Worker;
use outbound::Client;

pub use process_main::{NoSettings, run};

/// Every worker of the system; those that call the outside do it by this client.
pub fn all(client: &Client) -> Vec<Worker> {
    vec![gate_validator::worker(), metrics_collector::worker(), notifier::worker(client.clone())]
}
