//! Webhook events: what integrations sent, as it came, and what became of it.

use domain::{
    id::{Id, kind},
    named::Named,
};
use entity::webhook_event::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use crate::Error;

/// The event that a source sent under an id.
pub(crate) async fn sent(
    db: &impl ConnectionTrait,
    source: Id<kind::WebhookSource>,
    webhook_id: &str,
) -> Result<Option<Model>, Error> {
    let query = Entity::find().filter(Column::SourceId.eq(source.uuid()));
    Ok(query.filter(Column::WebhookId.eq(webhook_id)).one(db).await?)
}

/// Writes a new event.
pub(crate) async fn insert(db: &impl ConnectionTrait, event: &Model) -> Result<(), Error> {
    Entity::insert(event.clone().into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes what became of an event. What was sent never changes.
pub(crate) async fn save(db: &impl ConnectionTrait, event: &Model) -> Result<(), Error> {
    let change = ActiveModel {
        id: Set(event.id),
        status: Set(event.status),
        attempts: Set(event.attempts),
        handled_at: Set(event.handled_at),
        code: Set(event.code.clone()),
        message: Set(event.message.clone()),
        record: Set(event.record.clone()),
        ..Default::default()
    };
    Entity::update(change).exec_without_returning(db).await?;
    Ok(())
}

/// What the audit shows of an event.
pub(crate) fn state(event: &Model) -> Value {
    json!({
        "webhook_event_id": event.id,
        "webhook_source_id": event.source_id,
        "webhook_id": event.webhook_id,
        "type": event.event_type,
        "status": event.status.as_str(),
        "code": event.code,
        "record": event.record,
    })
}
