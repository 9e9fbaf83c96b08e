//! Portfolios.

use entity::portfolio::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::{Error, Scope};

/// The portfolio by its short name, within scope.
pub async fn by_slug(db: &impl ConnectionTrait, scope: &Scope, slug: &str) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(Column::Slug.eq(slug)).filter(scope.on(Column::Id)).one(db).await?)
}
