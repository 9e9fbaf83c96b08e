//! The handler that turns events into webhook deliveries.

#[cfg(feature = "exercises")]
mod exercise;

use app::commands;
use delivery::CommandHandler;

/// Makes the deliveries of a portfolio's events.
pub(crate) struct DispatchWebhooks;

impl CommandHandler for DispatchWebhooks {
    type Command = commands::DispatchWebhooks;
}
