//! The tables by which messages are neither lost nor handled twice: outbox, inbox, dead letters and
//! timers. How messages travel is `bus`'s business; when these are called is `delivery`'s.

pub mod dead_letters;
pub mod due;
pub mod inbox;
pub mod outbox;
