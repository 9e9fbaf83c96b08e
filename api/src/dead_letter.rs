//! How the delivery of messages stands, and dead letters, for those who run the system.

mod list;
mod mutation;
mod query;

use std::{collections::HashMap, sync::Arc};

use app::query::{self as read, rows};
use async_graphql::{ID, Object};
use chrono::{DateTime, Utc};
use domain::id::Id;
use uuid::Uuid;

pub(crate) use mutation::DeadLetterMutation;
pub(crate) use query::OperationsQuery;

use crate::{
    global_id::{Kind, encode},
    loader::Reader,
    record::{FromRow, Record},
};

/// A message that could not be handled.
#[derive(Clone)]
pub(crate) struct DeadLetter(pub(crate) Arc<rows::DeadLetter>);

impl FromRow for DeadLetter {
    type Row = rows::DeadLetter;

    fn of(row: Arc<rows::DeadLetter>) -> Self {
        Self(row)
    }
}

impl Record for DeadLetter {
    const KIND: Kind = Kind::DeadLetter;

    /// Those of portfolios that the caller operates, one statement each. A caller who operates none has none.
    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::DeadLetter>, app::Error> {
        let mut found = HashMap::new();
        for id in ids {
            let letter = match read::dead_letter(reader.app(), reader.actor()?, Id::new(*id)).await {
                Err(app::Error::Forbidden(_)) => None,
                letter => letter?,
            };
            found.extend(letter.map(|letter| (*id, letter)));
        }
        Ok(found)
    }
}

/// A message that no worker could handle. It is kept until a person replays it.
#[Object]
impl DeadLetter {
    /// Global id. `replayDeadLetter` takes it as `deadLetterId`.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::DeadLetter, self.0.id)
    }

    /// Queue that the message came from.
    async fn queue(&self) -> &str {
        &self.0.queue
    }

    /// Kind of the message, such as `decide_gate.v1`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Number of attempts to handle the message.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why the message could not be handled.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Body of the message, as it was received.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Time at which the message became a dead letter.
    async fn parked_at(&self) -> DateTime<Utc> {
        self.0.parked_at
    }

    /// Time at which the message was replayed. Null when it was not.
    async fn replayed_at(&self) -> Option<DateTime<Utc>> {
        self.0.replayed_at
    }
}
