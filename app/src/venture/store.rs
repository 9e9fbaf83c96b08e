//! Rows of ventures.

use chrono::{DateTime, Utc};
use domain::{
    id::Id,
    venture::{Profile, Status, StatusKind, Venture},
};
use entity::venture::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{InsertStatement, UpdateStatement},
};
use serde_json::json;

use crate::{Error, root::changes, store::corrupt};

/// Writes a new venture.
pub(crate) fn insert(venture: &Venture) -> InsertStatement {
    Entity::insert(to_row(venture)).into_query()
}

/// Writes what changed of a venture, if the row is at the version that was read.
pub(crate) fn update(before: &Venture, now: &Venture) -> UpdateStatement {
    Entity::update_many()
        .set(changes(&to_row(before), to_row(now)))
        .filter(Column::Id.eq(before.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .into_query()
}

/// What the audit shows of a venture.
pub(crate) fn state(venture: &Venture) -> serde_json::Value {
    json!({ "profile": venture.profile, "status": venture.status, "stage": venture.stage })
}

/// A row as the domain's venture.
pub(crate) fn from_row(row: Model) -> Result<Venture, Error> {
    let profile =
        Profile::new(&row.name, &row.description, row.category.as_deref(), &row.zone, &row.currency)
            .map_err(|refusal| corrupt(&format!("venture {}: {refusal}", row.id)))?;
    Ok(Venture {
        id: Id::new(row.id),
        portfolio_id: Id::new(row.portfolio_id),
        profile,
        status: status(*row.status, row.status_reason, row.status_since)?,
        stage_run_id: Id::new(row.stage_run_id),
        stage: u32::try_from(row.stage).map_err(|_| corrupt("a negative stage"))?,
        version: row.version,
        sequence: row.sequence,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn status(kind: StatusKind, reason: Option<String>, since: Option<DateTime<Utc>>) -> Result<Status, Error> {
    match (kind, reason, since) {
        (StatusKind::Active, ..) => Ok(Status::Active),
        (StatusKind::Paused, Some(reason), Some(since)) => Ok(Status::Paused { reason, since }),
        (StatusKind::Killed, Some(reason), Some(since)) => Ok(Status::Killed { reason, since }),
        (StatusKind::Completed, _, Some(since)) => Ok(Status::Completed { since }),
        _ => Err(corrupt("a venture whose status lacks its reason or time")),
    }
}

fn to_row(venture: &Venture) -> ActiveModel {
    let (reason, since) = match &venture.status {
        Status::Active => (None, None),
        Status::Paused { reason, since } | Status::Killed { reason, since } => {
            (Some(reason.clone()), Some(*since))
        }
        Status::Completed { since } => (None, Some(*since)),
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
        status: Set(venture.status.kind().into()),
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
