//! The handler that disables an endpoint whose receiver does not take what it is sent.

#[cfg(feature = "exercises")]
mod exercise;

use app::commands;
use delivery::CommandHandler;

/// Disables a failing endpoint.
pub(crate) struct StopWebhookEndpoint;

impl CommandHandler for StopWebhookEndpoint {
    type Command = commands::StopWebhookEndpoint;
}
