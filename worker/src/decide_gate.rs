//! The handler that decides queued gate runs.

#[cfg(feature = "exercises")]
mod exercise;

use app::commands;
use delivery::CommandHandler;

/// Decides a gate run; only its venture is locked.
pub(crate) struct DecideGate;

impl CommandHandler for DecideGate {
    type Command = commands::DecideGate;
    const BATCHED: bool = true;
}
