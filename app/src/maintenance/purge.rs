//! `purge`: rows that only guard against repetition go once nothing can repeat any more, and webhooks that
//! nobody asks about.

use async_trait::async_trait;
use chrono::Duration;
use entity::{idempotency, inbox};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, webhook_endpoint::delivery_store};

/// How long a handled message is remembered: longer than any outage after which it may come again.
pub const INBOX_DAYS: i64 = 30;
/// How long the answer to an idempotency key is kept.
pub const IDEMPOTENCY_DAYS: i64 = 7;
/// How long a webhook delivery that ended is on record, with its attempts and what was sent.
pub const DELIVERY_DAYS: i64 = 90;

/// Deletes inbox rows, idempotency keys and ended webhook deliveries past their days.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purge {}

#[async_trait]
impl Command for Purge {
    const NAME: &'static str = "purge";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        inbox::Entity::delete_many()
            .filter(inbox::Column::At.lt(cx.now() - Duration::days(INBOX_DAYS)))
            .filter(inbox::Column::State.eq("DONE"))
            .exec(cx.tx())
            .await?;
        idempotency::Entity::delete_many()
            .filter(idempotency::Column::At.lt(cx.now() - Duration::days(IDEMPOTENCY_DAYS)))
            .exec(cx.tx())
            .await?;
        delivery_store::forget(cx.tx(), cx.now() - Duration::days(DELIVERY_DAYS)).await
    }
}
