//! Rows of portfolios.

use std::str::FromStr;

use chrono_tz::Tz;
use domain::{id::Id, portfolio::Portfolio, venture::currency_coded};
use entity::portfolio::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{InsertStatement, UpdateStatement},
};
use serde_json::json;

use crate::{Error, Scope, root::changes, store::corrupt};

/// The portfolio by its short name, within scope.
pub(crate) async fn by_slug(
    db: &impl ConnectionTrait,
    scope: &Scope,
    slug: &str,
) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(Column::Slug.eq(slug)).filter(scope.on(Column::Id)).one(db).await?)
}

/// Writes a new portfolio.
pub(crate) fn insert(portfolio: &Portfolio) -> InsertStatement {
    Entity::insert(to_row(portfolio)).into_query()
}

/// Writes what changed of a portfolio, if the row is at the version that was read.
pub(crate) fn update(before: &Portfolio, now: &Portfolio) -> UpdateStatement {
    Entity::update_many()
        .set(changes(&to_row(before), to_row(now)))
        .filter(Column::Id.eq(before.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .into_query()
}

/// What is recorded of a portfolio before and after a command.
pub(crate) fn state(portfolio: &Portfolio) -> serde_json::Value {
    json!({
        "slug": portfolio.slug,
        "name": portfolio.name,
        "zone": portfolio.zone,
        "currency": portfolio.currency,
        "playbook_id": portfolio.playbook_id,
    })
}

/// A row as the domain's portfolio.
pub(crate) fn from_row(row: Model) -> Result<Portfolio, Error> {
    Ok(Portfolio {
        id: Id::new(row.id),
        zone: Tz::from_str(&row.zone).map_err(|_| corrupt("a portfolio in no known zone"))?,
        currency: currency_coded(&row.currency).map_err(|_| corrupt("a portfolio of no known currency"))?,
        slug: row.slug,
        name: row.name,
        playbook_id: Id::new(row.playbook_id),
        listeners: row.listeners,
        version: row.version,
        sequence: row.sequence,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(portfolio: &Portfolio) -> ActiveModel {
    ActiveModel {
        id: Set(portfolio.id.uuid()),
        slug: Set(portfolio.slug.clone()),
        name: Set(portfolio.name.clone()),
        zone: Set(portfolio.zone.name().to_owned()),
        currency: Set(portfolio.currency.code().to_owned()),
        playbook_id: Set(portfolio.playbook_id.uuid()),
        listeners: Set(portfolio.listeners),
        version: Set(portfolio.version),
        sequence: Set(portfolio.sequence),
        created_at: Set(portfolio.created_at),
        updated_at: Set(portfolio.updated_at),
    }
}
