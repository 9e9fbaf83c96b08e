//! The workers: what each queue's consumer does, and how its process runs.
//!
//! A rule lives in `domain`, a transaction in `app`, retries and claims in `delivery`; here stands which
//! worker takes which message and which timer.

mod decide_gate;
mod deliver_webhook;
mod dispatch_webhooks;
#[cfg(feature = "exercises")]
mod exercise;
mod fold_stage_counts;
pub mod gate_validator;
mod late_stage_runs;
pub mod notifier;
mod process_main;
mod purge;
mod refresh_waiting;
mod retry_webhook;
mod stop_webhook_endpoint;
mod webhook_event;
pub mod webhook_handler;

use delivery::{RegistrationError, Worker};
use outbound::Client;

pub use process_main::{NoSettings, run};

/// Every worker of the system; those that call the outside do it by this client.
///
/// # Errors
/// When a handler is registered with the worker of another queue than its message's.
pub fn all(client: &Client) -> Result<Vec<Worker>, RegistrationError> {
    [gate_validator::worker(), notifier::worker(client.clone()), webhook_handler::worker()]
        .into_iter()
        .collect()
}
