//! `notifier`: tells the outside what happened: webhooks, each tried by its schedule until it arrives.

use std::sync::Arc;

use app::commands::DispatchWebhooks;
use delivery::{Handler, Worker};
use outbound::Client;

use crate::webhooks::{Deliver, RetryWebhooks};

/// The consumer of the queue `notifier`, which calls the outside by `client`.
pub fn worker(client: Client) -> Worker {
    Worker {
        queue: "notifier",
        handlers: vec![Handler::command::<DispatchWebhooks>(), Handler::effect::<Deliver>(client)],
        sweeps: vec![Arc::new(RetryWebhooks)],
    }
}
