//! Webhook sources: integrations that send us events, and what becomes of an event.
//!
//! How a signature is checked is `api`'s; what an event of ours means, `worker`'s.

mod payload;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    named::{Named, named},
    refusal::Code,
    text,
};

pub use payload::{Payload, Unreadable};

/// The most sources of one portfolio.
pub const MAX_SOURCES: u64 = 50;
/// How far the time in a signature may be from ours, either way.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// The longest id of an event, in bytes.
pub const MAX_ID: usize = 200;

/// What a person sets of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name as shown, also of the person it acts as.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
}

impl Settings {
    /// Checks a name of 1 to 100 characters and a description of at most 500.
    pub fn checked(name: &str, description: Option<&str>) -> Result<Self, Refusal> {
        let description = description.map(|text| text::prose("description", text, 1, 500)).transpose()?;
        Ok(Self { name: text::line("name", name, 1, 100)?, description })
    }
}

/// Whether an event may be known by this id: printable ASCII without spaces.
pub fn is_event_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic())
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventStatus {
    /// It is kept, and waits for a worker.
    Received,
    /// What it asks for was done.
    Handled,
    /// What it asks for was refused.
    Rejected,
    /// Its type means nothing here.
    Ignored,
}

named! {
    EventStatus { Received = "RECEIVED", Handled = "HANDLED", Rejected = "REJECTED", Ignored = "IGNORED" }
}

impl EventStatus {
    /// The name, as columns and the API spell it.
    pub fn name(self) -> &'static str {
        self.as_str()
    }

    /// The status with this name; none when no status has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::parse(name)
    }

    /// Refuses to do again what was done, or is about to be.
    pub fn require_unhandled(self) -> Result<(), Refusal> {
        match self {
            Self::Rejected | Self::Ignored => Ok(()),
            Self::Received | Self::Handled => Err(Refusal::new(
                Code::WebhookEventNotRejected,
                format!("the event is {}; what was REJECTED or IGNORED can be done again", self.name()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_ids_have_their_form() {
        assert!(
            Settings::checked("CI", None).is_ok() && Settings::checked(&"x".repeat(100), Some("x")).is_ok()
        );
        for (name, description) in [("", None), (&*"x".repeat(101), None), ("a\nb", None), ("CI", Some(""))] {
            assert!(Settings::checked(name, description).is_err(), "{name:?} {description:?}");
        }
        for (id, good) in [
            ("msg_1", true),
            (&*"x".repeat(200), true),
            (&*"x".repeat(201), false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_event_id(id), good, "{id:?}");
        }
    }

    #[test]
    fn what_was_refused_can_be_done_again() {
        for (status, again) in [
            (EventStatus::Received, false),
            (EventStatus::Handled, false),
            (EventStatus::Rejected, true),
            (EventStatus::Ignored, true),
        ] {
            assert_eq!(status.require_unhandled().is_ok(), again);
            assert_eq!(EventStatus::named(status.name()), Some(status));
        }
    }
}
