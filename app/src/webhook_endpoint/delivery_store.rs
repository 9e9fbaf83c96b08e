//! Webhook messages, their deliveries, and the attempts at them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    id::{Id, kind},
    webhook::{Answer, Attempted, Delivery, DeliveryStatusKind, Status},
};
use entity::{
    history, webhook_attempt,
    webhook_delivery::{ActiveModel, Column, Entity, Model},
    webhook_message,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use crate::{Error, store::corrupt};

/// The delivery.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Id<kind::WebhookDelivery>) -> Result<Model, Error> {
    Entity::find_by_id(id.uuid()).one(db).await?.ok_or(Error::NotFound)
}

/// The delivery, locked until the transaction ends.
pub(crate) async fn lock(
    db: &impl ConnectionTrait,
    id: Id<kind::WebhookDelivery>,
) -> Result<Delivery, Error> {
    let row = Entity::find_by_id(id.uuid()).lock(LockType::NoKeyUpdate).one(db).await?;
    from_row(&row.ok_or(Error::NotFound)?)
}

/// The body that is sent.
pub(crate) async fn message(db: &impl ConnectionTrait, id: Uuid) -> Result<webhook_message::Model, Error> {
    webhook_message::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)
}

/// Of these events of a portfolio, those that no message was made of yet, oldest first.
pub(crate) async fn untold(
    db: &impl ConnectionTrait,
    portfolio: Id<kind::Portfolio>,
    events: &[Uuid],
) -> Result<Vec<history::Model>, Error> {
    let told: Vec<Uuid> = webhook_message::Entity::find()
        .filter(webhook_message::Column::EventId.is_in(events.iter().copied()))
        .select_only()
        .column(webhook_message::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    let told: BTreeSet<_> = told.into_iter().collect();
    let untold = events.iter().copied().filter(|id| !told.contains(id));
    let query = history::Entity::find()
        .filter(history::Column::Id.is_in(untold))
        .filter(history::Column::PortfolioId.eq(portfolio.uuid()))
        .order_by_asc(history::Column::Id);
    Ok(query.all(db).await?)
}

/// Writes new messages and their deliveries, all pending.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    messages: &[webhook_message::Model],
    deliveries: &[(Delivery, Uuid)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let kind_of = |id: Uuid| messages.iter().find(|message| message.id == id).map(|found| found.kind.clone());
    let rows = deliveries.iter().map(|(delivery, message)| {
        let kind = kind_of(*message).ok_or_else(|| corrupt("a delivery of no message"))?;
        let row = ActiveModel {
            portfolio_id: Set(delivery.portfolio_id.uuid()),
            endpoint_id: Set(delivery.endpoint_id.uuid()),
            message_id: Set(*message),
            kind: Set(kind),
            created_at: Set(now),
            ..changing(delivery)
        };
        Ok(row)
    });
    let rows = rows.collect::<Result<Vec<_>, Error>>()?;
    let messages = messages.iter().cloned().map(webhook_message::ActiveModel::from);
    webhook_message::Entity::insert_many(messages).exec_without_returning(db).await?;
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a changed delivery, which is locked.
pub(crate) async fn save(db: &impl ConnectionTrait, delivery: &Delivery) -> Result<(), Error> {
    Entity::update(changing(delivery)).exec_without_returning(db).await?;
    Ok(())
}

/// Cancels what is pending for an endpoint. A timer that is left of one does nothing.
pub(crate) async fn cancel_pending(
    db: &impl ConnectionTrait,
    endpoint: Id<kind::WebhookEndpoint>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(entity::Name(DeliveryStatusKind::Cancelled)))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::EndedAt, Expr::value(Some(now)))
        .filter(Column::EndpointId.eq(endpoint.uuid()))
        .filter(Column::Status.eq(entity::Name(DeliveryStatusKind::Pending)))
        .exec(db)
        .await?;
    Ok(())
}

/// Records the attempt that a delivery has just taken up.
pub(crate) async fn insert_attempt(
    db: &impl ConnectionTrait,
    id: Uuid,
    delivery: &Delivery,
    attempted: &Attempted,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (status, body, error) = match &attempted.answer {
        Answer::Status { code, body, .. } => (Some(i32::from(*code)), Some(body.clone()), None),
        Answer::None(reason) => (None, None, Some(reason.clone())),
    };
    let row = webhook_attempt::ActiveModel {
        id: Set(id),
        portfolio_id: Set(delivery.portfolio_id.uuid()),
        delivery_id: Set(delivery.id.uuid()),
        number: Set(number(delivery.attempts)),
        at: Set(now),
        took_ms: Set(number(attempted.took_ms)),
        status: Set(status),
        body: Set(body),
        error: Set(error),
    };
    webhook_attempt::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Deletes deliveries that ended before, with their attempts, and messages that none is left of.
pub(crate) async fn forget(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<(), Error> {
    let ended =
        Entity::find().filter(Column::EndedAt.lt(before)).select_only().column(Column::Id).into_query();
    webhook_attempt::Entity::delete_many()
        .filter(webhook_attempt::Column::DeliveryId.in_subquery(ended))
        .exec(db)
        .await?;
    Entity::delete_many().filter(Column::EndedAt.lt(before)).exec(db).await?;
    let wanted = Entity::find().select_only().column(Column::MessageId).into_query();
    webhook_message::Entity::delete_many()
        .filter(webhook_message::Column::CreatedAt.lt(before))
        .filter(webhook_message::Column::Id.not_in_subquery(wanted))
        .exec(db)
        .await?;
    Ok(())
}

/// A row as the domain's delivery.
pub(crate) fn from_row(row: &Model) -> Result<Delivery, Error> {
    let status = match (*row.status, row.ended_at) {
        (DeliveryStatusKind::Pending, None) => Status::Pending { next_attempt_at: row.next_attempt_at },
        (DeliveryStatusKind::Delivered, Some(at)) => Status::Delivered { at },
        (DeliveryStatusKind::Failed, Some(at)) => Status::Failed { at },
        (DeliveryStatusKind::Cancelled, Some(at)) => Status::Cancelled { at },
        _ => return Err(corrupt("a webhook delivery whose status lacks its time")),
    };
    let count = |number: i32| u32::try_from(number).map_err(|_| corrupt("a negative number of attempts"));
    Ok(Delivery {
        id: Id::new(row.id),
        portfolio_id: Id::new(row.portfolio_id),
        endpoint_id: Id::new(row.endpoint_id),
        status,
        attempts: count(row.attempts)?,
        tried: count(row.tried)?,
    })
}

/// What of a delivery's row changes.
fn changing(delivery: &Delivery) -> ActiveModel {
    let (next_attempt_at, ended_at) = match delivery.status {
        Status::Pending { next_attempt_at } => (next_attempt_at, None),
        Status::Delivered { at } | Status::Failed { at } | Status::Cancelled { at } => (None, Some(at)),
    };
    ActiveModel {
        id: Set(delivery.id.uuid()),
        status: Set(delivery.status.kind().into()),
        attempts: Set(number(delivery.attempts)),
        tried: Set(number(delivery.tried)),
        next_attempt_at: Set(next_attempt_at),
        ended_at: Set(ended_at),
        portfolio_id: NotSet,
        endpoint_id: NotSet,
        message_id: NotSet,
        kind: NotSet,
        created_at: NotSet,
    }
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
