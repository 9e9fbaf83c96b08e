//! Dead letters: messages that could not be handled, kept whole, listed and replayed by an operator.

pub mod list;
pub(crate) mod park_message;
pub(crate) mod replay_dead_letter;

use crate::command::commands;

commands! {
    park_message { ParkMessage }
    replay_dead_letter { ReplayDeadLetter }
}
