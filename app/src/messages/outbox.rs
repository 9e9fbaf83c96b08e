//! The outbox: a message is written in the transaction that causes it, leased by a relay, published,
//! and deleted once the transport has confirmed it. Retries and replays are rows for one queue, due later.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::outbox;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{InsertStatement, OnConflict},
};
use uuid::Uuid;

use crate::{
    App, Error,
    clock::Ids,
    database::{skip_locked, statement},
    messages::{Message, kind_of},
};

/// The header that names the portfolio a message belongs to: whoever operates it may see the message
/// should it be parked.
pub const PORTFOLIO_HEADER: &str = "venturi-portfolio";
/// The header that names the job that a message is to do, by its global id.
pub const JOB_HEADER: &str = "venturi-job";

/// A message not yet written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The message's id: the same at every attempt.
    pub message_id: Uuid,
    /// Its kind, such as `decide_gate.v1`.
    pub kind: String,
    /// The one queue it goes to; none: all bound to its kind.
    pub queue: Option<String>,
    /// JSON.
    pub body: String,
    /// Trace context and the like.
    pub headers: BTreeMap<String, String>,
    /// How often handling it failed before.
    pub attempt: u32,
    /// Not before this; none: at once.
    pub available_at: Option<DateTime<Utc>>,
}

impl Draft {
    /// The message that brings `content` to its worker.
    pub fn of<M: Message>(
        message_id: Uuid,
        content: &M,
        headers: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        Ok(Self {
            message_id,
            kind: kind_of::<M>(),
            queue: None,
            body: serde_json::to_string(content)?,
            headers: headers.clone(),
            attempt: 0,
            available_at: None,
        })
    }
}

/// A row leased by a relay.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Row id.
    pub id: Uuid,
    /// The message.
    pub draft: Draft,
}

/// Writes drafts.
pub(crate) fn insert(ids: &dyn Ids, now: DateTime<Utc>, drafts: &[Draft]) -> Result<InsertStatement, Error> {
    let rows = drafts
        .iter()
        .map(|draft| {
            Ok(outbox::ActiveModel {
                id: Set(ids.next()),
                message_id: Set(draft.message_id),
                kind: Set(draft.kind.clone()),
                queue: Set(draft.queue.clone()),
                body: Set(draft.body.clone()),
                headers: Set(serde_json::to_value(&draft.headers)?),
                attempt: Set(i32::try_from(draft.attempt).unwrap_or(i32::MAX)),
                available_at: Set(draft.available_at.unwrap_or(now)),
                lease_until: Set(None),
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    // Only retries can meet one of their own: two deliveries of one message that failed alike.
    Ok(outbox::Entity::insert_many(rows).on_conflict(OnConflict::new().do_nothing().to_owned()).into_query())
}

/// Writes one message by itself: a retry.
pub async fn enqueue(app: &App, draft: Draft) -> Result<(), Error> {
    let row = insert(app.ids(), app.clock().now(), std::slice::from_ref(&draft))?;
    app.database().write().execute(&row).await?;
    app.hints().wrote(true, false, Vec::new());
    Ok(())
}

/// Leases up to `limit` due rows, oldest first. Rows leased by a relay that died come again after `lease`.
pub async fn lease(app: &App, limit: u32, lease: Duration) -> Result<Vec<Leased>, Error> {
    let connection = app.database().write();
    let backend = connection.get_database_backend();
    let now = app.clock().now();
    let sql = format!(
        "UPDATE outbox SET lease_until = $1 WHERE id IN (SELECT id FROM outbox WHERE available_at <= $2 \
         AND (lease_until IS NULL OR lease_until <= $2) ORDER BY available_at, id LIMIT {limit} {}) RETURNING *",
        skip_locked(backend)
    );
    let values = [(now + lease).into(), now.into()];
    let rows = connection.query_all_raw(statement(backend, sql, values)).await?;
    let mut leased = rows
        .iter()
        .map(|row| {
            let row = outbox::Model::from_query_result(row, "")?;
            Ok(Leased { id: row.id, draft: draft(row)? })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    leased.sort_by_key(|row| row.id);
    Ok(leased)
}

/// Deletes rows whose messages are confirmed.
pub async fn confirm(app: &App, ids: &[Uuid]) -> Result<(), Error> {
    if !ids.is_empty() {
        outbox::Entity::delete_many()
            .filter(outbox::Column::Id.is_in(ids.iter().copied()))
            .exec(app.database().write())
            .await?;
    }
    Ok(())
}

/// Gives rows back after a failed publish: due again at `at`.
pub async fn release(app: &App, ids: &[Uuid], at: DateTime<Utc>) -> Result<(), Error> {
    if !ids.is_empty() {
        outbox::Entity::update_many()
            .col_expr(outbox::Column::LeaseUntil, Option::<DateTime<Utc>>::None.into())
            .col_expr(outbox::Column::AvailableAt, at.into())
            .filter(outbox::Column::Id.is_in(ids.iter().copied()))
            .exec(app.database().write())
            .await?;
    }
    Ok(())
}

/// Ends the leases of a process that died, where this is the only process.
pub async fn end_leases(app: &App) -> Result<(), Error> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::LeaseUntil, Option::<DateTime<Utc>>::None.into())
        .filter(outbox::Column::LeaseUntil.is_not_null())
        .exec(app.database().write())
        .await?;
    Ok(())
}

/// When the next row is due that no relay holds; none: nothing is waiting.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Error> {
    let next = outbox::Entity::find()
        .order_by_asc(outbox::Column::AvailableAt)
        .select_only()
        .column(outbox::Column::AvailableAt)
        .into_tuple::<DateTime<Utc>>()
        .one(app.database().read())
        .await?;
    Ok(next)
}

/// How many messages are waiting or under way.
pub async fn count(app: &App) -> Result<u64, Error> {
    Ok(outbox::Entity::find().count(app.database().read()).await?)
}

fn draft(row: outbox::Model) -> Result<Draft, Error> {
    Ok(Draft {
        message_id: row.message_id,
        kind: row.kind,
        queue: row.queue,
        body: row.body,
        headers: serde_json::from_value(row.headers)?,
        attempt: u32::try_from(row.attempt).unwrap_or(0),
        available_at: Some(row.available_at),
    })
}
