//! Webhook sources: integrations that send us events.

use domain::{Refusal, refusal::Code};
use entity::webhook_source::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;

/// How many sources a portfolio has.
pub(crate) async fn count(db: &impl ConnectionTrait, portfolio: Uuid) -> Result<u64, Error> {
    Ok(Entity::find().filter(Column::PortfolioId.eq(portfolio)).count(db).await?)
}

/// Writes a new source.
pub(crate) async fn insert(db: &impl ConnectionTrait, source: &Model) -> Result<(), Error> {
    Entity::insert(source.clone().into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a source that changed.
pub(crate) async fn save(db: &impl ConnectionTrait, source: &Model) -> Result<(), Error> {
    let Model { id, name, description, secret, previous_secret, previous_secret_until, .. } = source.clone();
    let change = ActiveModel {
        id: Set(id),
        name: Set(name),
        description: Set(description),
        secret: Set(secret),
        previous_secret: Set(previous_secret),
        previous_secret_until: Set(previous_secret_until),
        updated_at: Set(source.updated_at),
        disabled_at: Set(source.disabled_at),
        ..Default::default()
    };
    Entity::update(change).exec_without_returning(db).await?;
    Ok(())
}

/// Refuses a source that is disabled.
pub(crate) fn require_enabled(source: &Model) -> Result<(), Refusal> {
    if source.disabled_at.is_none() {
        return Ok(());
    }
    Err(Refusal::new(Code::WebhookSourceDisabled, "the source is disabled; enable it first"))
}

/// What the audit shows of a source: no secret, sealed or not.
pub(crate) fn state(source: &Model) -> Value {
    json!({
        "webhook_source_id": source.id,
        "person_id": source.person_id,
        "name": source.name,
        "description": source.description,
        "previous_secret_until": source.previous_secret_until,
        "disabled_at": source.disabled_at,
    })
}
