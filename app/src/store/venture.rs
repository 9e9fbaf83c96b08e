//! Ventures, and the lock on their aggregate.

use chrono::{DateTime, Utc};
use domain::{
    id::Id,
    venture::{Profile, Status, Venture},
};
use entity::{
    portfolio,
    venture::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, LockType},
};
use serde_json::json;

use crate::{Error, Scope, store::corrupt};

/// The venture, within scope, locked until the transaction ends; and whether an endpoint is told of its
/// portfolio's events, which costs no statement of its own.
pub async fn lock(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<Venture>,
) -> Result<(Venture, bool), Error> {
    const LISTENERS: &str = "listeners";
    let listeners = portfolio::Entity::find()
        .select_only()
        .column(portfolio::Column::Listeners)
        .filter(Expr::col(portfolio::Column::Id.as_column_ref()).equals(Column::PortfolioId.as_column_ref()))
        .into_query();
    let mut query = Entity::find_by_id(id.uuid())
        .filter(scope.on(Column::PortfolioId))
        .lock(LockType::Update)
        .into_query();
    query.expr_as(listeners, LISTENERS);
    let row = db.query_one(&query).await?.ok_or(Error::NotFound)?;
    let listened_to = row.try_get::<i32>("", LISTENERS)? > 0;
    Ok((from_row(Model::from_query_result(&row, "")?)?, listened_to))
}

/// Writes a new venture.
pub async fn insert(db: &impl ConnectionTrait, venture: &Venture) -> Result<(), Error> {
    Entity::insert(to_row(venture)).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a changed venture and raises its version. The row must be at the version that was read.
pub async fn save(db: &impl ConnectionTrait, venture: &mut Venture) -> Result<(), Error> {
    let seen = venture.version;
    venture.version += 1;
    let done = Entity::update_many()
        .set(ActiveModel { id: Default::default(), created_at: Default::default(), ..to_row(venture) })
        .filter(Column::Id.eq(venture.id.uuid()))
        .filter(Column::Version.eq(seen))
        .exec(db)
        .await?;
    if done.rows_affected == 1 {
        Ok(())
    } else {
        Err(Error::Conflict(format!("venture {} moved on", venture.id)))
    }
}

/// What the audit shows of a venture.
pub(crate) fn state(venture: &Venture) -> serde_json::Value {
    json!({ "profile": venture.profile, "status": venture.status, "stage": venture.stage })
}

/// A row as the domain's venture.
pub fn from_row(row: Model) -> Result<Venture, Error> {
    let profile =
        Profile::new(&row.name, &row.description, row.category.as_deref(), &row.zone, &row.currency)
            .map_err(|refusal| corrupt(&format!("venture {}: {refusal}", row.id)))?;
    Ok(Venture {
        id: Id::new(row.id),
        portfolio_id: Id::new(row.portfolio_id),
        profile,
        status: status(&row.status, row.status_reason, row.status_since)?,
        stage_run_id: Id::new(row.stage_run_id),
        stage: u32::try_from(row.stage).map_err(|_| corrupt("a negative stage"))?,
        version: row.version,
        sequence: row.sequence,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn status(name: &str, reason: Option<String>, since: Option<DateTime<Utc>>) -> Result<Status, Error> {
    match (name, reason, since) {
        ("ACTIVE", ..) => Ok(Status::Active),
        ("PAUSED", Some(reason), Some(since)) => Ok(Status::Paused { reason, since }),
        ("KILLED", Some(reason), Some(since)) => Ok(Status::Killed { reason, since }),
        ("COMPLETED", _, Some(since)) => Ok(Status::Completed { since }),
        _ => Err(corrupt("a venture of no known status")),
    }
}

fn to_row(venture: &Venture) -> ActiveModel {
    let (status, reason, since) = match &venture.status {
        Status::Active => ("ACTIVE", None, None),
        Status::Paused { reason, since } => ("PAUSED", Some(reason.clone()), Some(*since)),
        Status::Killed { reason, since } => ("KILLED", Some(reason.clone()), Some(*since)),
        Status::Completed { since } => ("COMPLETED", None, Some(*since)),
    };
    let profile = &venture.profile;
    ActiveModel {
        id: Set(venture.id.uuid()),
        portfolio_id: Set(venture.portfolio_id.uuid()),
        name: Set(profile.name.clone()),
        description: Set(profile.description.clone()),
        category: Set(profile.category.clone()),
        zone: Set(profile.zone.name().to_owned()),
        currency: Set(profile.currency.code().to_owned()),
        status: Set(status.to_owned()),
        status_reason: Set(reason),
        status_since: Set(since),
        stage_run_id: Set(venture.stage_run_id.uuid()),
        stage: Set(i16::try_from(venture.stage).unwrap_or(i16::MAX)),
        version: Set(venture.version),
        sequence: Set(venture.sequence),
        created_at: Set(venture.created_at),
        updated_at: Set(venture.updated_at),
    }
}
