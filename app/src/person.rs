//! Persons: one record each, whatever portfolios they are members of.

pub(crate) mod link_subject;
pub mod list;
pub(crate) mod store;

use crate::command::commands;

commands! {
    link_subject { LinkSubject }
}
