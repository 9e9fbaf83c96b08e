//! Timers: rows `(sweep, key, due_at)`. Any worker's sweep leases what is due; settling a row deletes or
//! moves it in the same transaction as what it led to.

use chrono::{DateTime, Duration, Utc};
use entity::due;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    App, Error,
    context::backend,
    database::{skip_locked, statement},
};

/// A timer leased by a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The record it is about.
    pub key: Uuid,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// How often settling it failed before.
    pub attempt: u32,
}

pub(crate) async fn set(
    tx: &impl ConnectionTrait,
    sweep: &str,
    key: Uuid,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO due (sweep, key, due_at, lease_until, attempt) VALUES ($1, $2, $3, NULL, 0) \
               ON CONFLICT (sweep, key) DO UPDATE SET due_at = $3, lease_until = NULL, attempt = 0";
    tx.execute_raw(statement(backend(tx), sql, [sweep.into(), key.into(), at.into()])).await?;
    Ok(())
}

pub(crate) async fn clear(tx: &impl ConnectionTrait, sweep: &str, key: Uuid) -> Result<(), Error> {
    due::Entity::delete_by_id((sweep.to_owned(), key)).exec(tx).await?;
    Ok(())
}

/// Sets a timer that stands for as long as the system does, unless it is there.
pub async fn ensure(app: &App, sweep: &str, key: Uuid, at: DateTime<Utc>) -> Result<(), Error> {
    let connection = app.database().write();
    let sql = "INSERT INTO due (sweep, key, due_at, lease_until, attempt) VALUES ($1, $2, $3, NULL, 0) \
               ON CONFLICT DO NOTHING";
    connection
        .execute_raw(statement(backend(connection), sql, [sweep.into(), key.into(), at.into()]))
        .await?;
    Ok(())
}

/// Leases up to `limit` due timers of a sweep.
pub async fn lease(app: &App, sweep: &str, limit: u32, lease: Duration) -> Result<Vec<Leased>, Error> {
    let connection = app.database().write();
    let now = app.clock().now();
    let sql = format!(
        "UPDATE due SET lease_until = $1 WHERE sweep = $3 AND key IN (SELECT key FROM due WHERE sweep = $3 \
         AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2) ORDER BY due_at LIMIT {limit} {}) \
         RETURNING key, due_at, attempt",
        skip_locked(backend(connection))
    );
    let values = [(now + lease).into(), now.into(), sweep.into()];
    let rows = connection.query_all_raw(statement(backend(connection), sql, values)).await?;
    let leased = rows.iter().map(|row| {
        Ok(Leased {
            key: row.try_get("", "key")?,
            due_at: row.try_get("", "due_at")?,
            attempt: u32::try_from(row.try_get::<i32>("", "attempt")?).unwrap_or(0),
        })
    });
    leased.collect()
}

/// Moves a timer that could not be settled to `at`, and counts the failure.
pub async fn postpone(app: &App, sweep: &str, key: Uuid, at: DateTime<Utc>) -> Result<(), Error> {
    let connection = app.database().write();
    let sql =
        "UPDATE due SET due_at = $3, lease_until = NULL, attempt = attempt + 1 WHERE sweep = $1 AND key = $2";
    connection
        .execute_raw(statement(backend(connection), sql, [sweep.into(), key.into(), at.into()]))
        .await?;
    Ok(())
}

/// When the timer of a key is due; none: it is not set.
pub async fn at(app: &App, sweep: &str, key: Uuid) -> Result<Option<DateTime<Utc>>, Error> {
    let row = due::Entity::find_by_id((sweep.to_owned(), key)).one(app.database().read()).await?;
    Ok(row.map(|row| row.due_at))
}

/// When the sweep's next timer is due.
pub async fn next(app: &App, sweep: &str) -> Result<Option<DateTime<Utc>>, Error> {
    let next = due::Entity::find()
        .filter(due::Column::Sweep.eq(sweep))
        .order_by_asc(due::Column::DueAt)
        .select_only()
        .column(due::Column::DueAt)
        .into_tuple::<DateTime<Utc>>()
        .one(app.database().read())
        .await?;
    Ok(next)
}
