//! The tables by which messages are neither lost nor handled twice: outbox, inbox, dead letters and
//! timers. How messages travel is `bus`'s business; when these are called is `delivery`'s.

pub mod dead_letters;
pub mod due;
pub mod inbox;
pub mod outbox;

use serde::{Serialize, de::DeserializeOwned};

use crate::Command;

/// What a message carries, as the JSON of its body: a command to be run, or work to be done in the world.
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in snake case; with `.v1`, the message's kind.
    const NAME: &'static str;
}

impl<C: Command> Message for C {
    const NAME: &'static str = C::NAME;
}

/// The kind of the messages that carry `M`.
pub fn kind_of<M: Message>() -> String {
    format!("{}.v1", M::NAME)
}
