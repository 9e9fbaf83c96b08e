//! How dead letters are listed.

use app::query::dead_letters::{self, DeadLetters, OrderBy};
use async_graphql::{Enum, InputObject};

use super::DeadLetter;
use crate::list::{Filtering, Listing, TimeRange, period, set};

/// Conditions on dead letters. All conditions that are given must hold.
#[derive(InputObject)]
pub(crate) struct DeadLetterFilter {
    /// Names of queues, at most 100.
    queues: Option<Vec<String>>,
    /// Kinds of message, such as `decide_gate.v1`, at most 100.
    kinds: Option<Vec<String>>,
    /// True: only dead letters that were replayed. False: only those that were not. Null: both.
    #[graphql(default_with = "Some(false)")]
    replayed: Option<bool>,
    /// Parked in this range.
    parked_at: Option<TimeRange>,
}

impl Default for DeadLetterFilter {
    fn default() -> Self {
        Self { queues: None, kinds: None, replayed: Some(false), parked_at: None }
    }
}

impl Filtering for DeadLetterFilter {
    type List = DeadLetters;

    fn checked(self) -> async_graphql::Result<dead_letters::Filter> {
        Ok(dead_letters::Filter {
            queues: set("queues", self.queues, |queue| queue)?,
            kinds: set("kinds", self.kinds, |kind| kind)?,
            replayed: self.replayed,
            parked: period("parkedAt", self.parked_at)?,
        })
    }
}

/// Field to sort dead letters by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum DeadLetterOrderField {
    /// Time at which the message became a dead letter.
    ParkedAt,
}

impl Listing for DeadLetters {
    type Node = DeadLetter;
    type By = DeadLetterFilter;
    type OrderField = DeadLetterOrderField;

    const CONNECTION: &'static str = "DeadLetterConnection";
    const EDGE: &'static str = "DeadLetterEdge";
    const ORDER: &'static str = "DeadLetterOrder";
}
