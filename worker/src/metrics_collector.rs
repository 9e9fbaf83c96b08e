//! `metrics-collector`: does what the events of webhook sources ask for, and so takes in their samples.

use delivery::{Handler, Worker};

use crate::webhook_event::HandleEvent;

/// The consumer of the queue `metrics-collector`.
pub fn worker() -> Worker {
    Worker {
        queue: "metrics-collector",
        handlers: vec![Handler::effect::<HandleEvent>(())],
        sweeps: Vec::new(),
    }
}
