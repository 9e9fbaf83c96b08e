//! `webhook-handler`: does what the events of webhook sources ask for.

use app::messages::queues;
use delivery::{Handler, RegistrationError, Worker};

use crate::webhook_event::HandleEvent;

/// The consumer of the queue `webhook-handler`.
pub fn worker() -> Result<Worker, RegistrationError> {
    Worker::new(queues::WEBHOOK_HANDLER).with_handler(Handler::effect::<HandleEvent>(()))
}
