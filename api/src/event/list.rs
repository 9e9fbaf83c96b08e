//! How events are listed.

use app::query::events::{self, Events, OrderBy};
use async_graphql::{Enum, InputObject};

use super::Event;
use crate::list::{Filtering, Listing, TimeRange, period, set};

/// Conditions on events. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct EventFilter {
    /// Types, such as `venture.created.v1`, at most 100.
    types: Option<Vec<String>>,
    /// Only events with a greater sequence number.
    after_sequence: Option<i64>,
    /// Happened in this range.
    at: Option<TimeRange>,
}

impl Filtering for EventFilter {
    type List = Events;

    fn checked(self) -> async_graphql::Result<events::Filter> {
        Ok(events::Filter {
            kinds: set("types", self.types, |kind| kind)?,
            after_sequence: self.after_sequence,
            at: period("at", self.at)?,
        })
    }
}

/// Field to sort events by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum EventOrderField {
    /// Number in the history.
    Sequence,
}

impl Listing for Events {
    type Node = Event;
    type By = EventFilter;
    type OrderField = EventOrderField;

    const CONNECTION: &'static str = "EventConnection";
    const EDGE: &'static str = "EventEdge";
    const ORDER: &'static str = "EventOrder";
}
