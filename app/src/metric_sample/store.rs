//! Samples of metrics.

use domain::id::{Id, kind};
use entity::metric_sample::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use crate::Error;

/// The sample that a person recorded under a key.
pub(crate) async fn recorded(
    db: &impl ConnectionTrait,
    by: Id<kind::Person>,
    key: &str,
) -> Result<Option<Model>, Error> {
    let query = Entity::find().filter(Column::ByPersonId.eq(by.uuid())).filter(Column::Key.eq(key));
    Ok(query.one(db).await?)
}

/// Writes a new sample.
pub(crate) async fn insert(db: &impl ConnectionTrait, sample: &Model) -> Result<(), Error> {
    Entity::insert(sample.clone().into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// What the audit shows of a sample.
pub(crate) fn state(sample: &Model) -> Value {
    json!({
        "metric_sample_id": sample.id,
        "metric": sample.metric,
        "at": sample.at,
        "value": sample.value,
        "key": sample.key,
    })
}
