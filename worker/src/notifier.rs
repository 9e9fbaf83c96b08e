//! `notifier`: tells the outside what happened: webhooks, each tried by its schedule until it arrives.

use app::messages::queues;
use delivery::{Handler, RegistrationError, Worker};
use outbound::Client;

use crate::{
    deliver_webhook::CallEndpoint, dispatch_webhooks::DispatchWebhooks, retry_webhook::RetryWebhooks,
    stop_webhook_endpoint::StopWebhookEndpoint,
};

/// The consumer of the queue `notifier`, which calls the outside by `client`.
pub fn worker(client: Client) -> Result<Worker, RegistrationError> {
    let worker = Worker::new(queues::NOTIFIER)
        .with_handler(Handler::command::<DispatchWebhooks>())?
        .with_handler(Handler::command::<StopWebhookEndpoint>())?
        .with_handler(Handler::effect::<CallEndpoint>(client))?;
    Ok(worker.with_sweep(RetryWebhooks))
}
