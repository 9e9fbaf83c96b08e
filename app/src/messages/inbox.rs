//! The inbox: which consumer has handled, or is handling, which message.
//!
//! A command's claim is written and committed with its effects. An effect's claim commits first, with a
//! lease; settling it commits with what the effect led to.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Duration, Utc};
use entity::inbox;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};
use uuid::Uuid;

use crate::{Context, Error, context::backend, database::statement};

/// What a claim found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The message is the claimant's to handle.
    Granted,
    /// It was handled before.
    Done,
    /// An effect is under way elsewhere, until then at the latest.
    Held(DateTime<Utc>),
}

impl Context<'_> {
    /// Claims a message for a command handler: committed with the command, or not at all.
    pub async fn claim(&self, consumer: &str, message_id: Uuid) -> Result<Claim, Error> {
        let sql = "INSERT INTO inbox (consumer, message_id, state, at, lease_until) \
                   VALUES ($1, $2, 'DONE', $3, NULL) ON CONFLICT DO NOTHING";
        let values = [consumer.into(), message_id.into(), self.now().into()];
        let done = self.tx().execute_raw(statement(backend(self.tx()), sql, values)).await?;
        Ok(if done.rows_affected() == 1 { Claim::Granted } else { Claim::Done })
    }

    /// Claims several messages for a command handler by one statement; gives those that are granted. The others
    /// were handled before.
    pub async fn claim_all(&self, consumer: &str, message_ids: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
        // In one order, because a claim waits for another transaction's claim of the same message: A claims 1, B
        // claims 2, A waits for 2, B waits for 1.
        let ordered: BTreeSet<Uuid> = message_ids.iter().copied().collect();
        if ordered.is_empty() {
            return Ok(HashSet::new());
        }
        let rows: Vec<_> = (3..3 + ordered.len()).map(|n| format!("($1, ${n}, 'DONE', $2, NULL)")).collect();
        let sql = format!(
            "INSERT INTO inbox (consumer, message_id, state, at, lease_until) VALUES {} ON CONFLICT DO NOTHING \
             RETURNING message_id",
            rows.join(", ")
        );
        let values = [consumer.into(), self.now().into()].into_iter();
        let values = values.chain(ordered.into_iter().map(Value::from));
        let granted = self.tx().query_all_raw(statement(backend(self.tx()), &sql, values)).await?;
        granted.iter().map(|row| Ok(row.try_get("", "message_id")?)).collect()
    }

    /// Claims a message for an effect handler, for `lease`. A claim whose lease is over is taken over.
    pub async fn claim_effect(
        &self,
        consumer: &str,
        message_id: Uuid,
        lease: Duration,
    ) -> Result<Claim, Error> {
        let sql = "INSERT INTO inbox (consumer, message_id, state, at, lease_until) \
                   VALUES ($1, $2, 'CLAIMED', $3, $4) ON CONFLICT (consumer, message_id) DO UPDATE \
                   SET at = $3, lease_until = $4 WHERE inbox.state = 'CLAIMED' AND inbox.lease_until <= $3";
        let now = self.now();
        let values = [consumer.into(), message_id.into(), now.into(), (now + lease).into()];
        let done = self.tx().execute_raw(statement(backend(self.tx()), sql, values)).await?;
        if done.rows_affected() == 1 {
            return Ok(Claim::Granted);
        }
        let key = (consumer.to_owned(), message_id);
        let row = inbox::Entity::find_by_id(key).one(self.tx()).await?;
        Ok(match row.and_then(|row| row.lease_until) {
            Some(until) => Claim::Held(until),
            None => Claim::Done,
        })
    }

    /// Settles an effect: it is done, and never runs again. False: somebody else has settled it.
    pub async fn settle(&self, consumer: &str, message_id: Uuid) -> Result<bool, Error> {
        let sql = "UPDATE inbox SET state = 'DONE', at = $3, lease_until = NULL \
                   WHERE consumer = $1 AND message_id = $2 AND state = 'CLAIMED'";
        let values = [consumer.into(), message_id.into(), self.now().into()];
        let done = self.tx().execute_raw(statement(backend(self.tx()), sql, values)).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets go of an effect that failed and will be tried again.
    pub async fn unclaim(&self, consumer: &str, message_id: Uuid) -> Result<(), Error> {
        inbox::Entity::delete_many()
            .filter(inbox::Column::Consumer.eq(consumer))
            .filter(inbox::Column::MessageId.eq(message_id))
            .filter(inbox::Column::State.eq("CLAIMED"))
            .exec(self.tx())
            .await?;
        Ok(())
    }
}
