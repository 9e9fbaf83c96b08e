//! What keeps the database small.

pub(crate) mod purge;

use crate::command::commands;

commands! {
    purge { Purge; INBOX_DAYS, IDEMPOTENCY_DAYS, DELIVERY_DAYS }
}
