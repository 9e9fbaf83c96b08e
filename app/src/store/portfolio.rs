//! Portfolios.

use domain::id::{Id, kind};
use entity::portfolio::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::{Error, Scope};

/// The portfolio, within scope.
pub async fn find(db: &impl ConnectionTrait, scope: &Scope, id: Id<kind::Portfolio>) -> Result<Model, Error> {
    Entity::find_by_id(id.uuid()).filter(scope.on(Column::Id)).one(db).await?.ok_or(Error::NotFound)
}

/// The portfolio by its short name, within scope.
pub async fn by_slug(db: &impl ConnectionTrait, scope: &Scope, slug: &str) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(Column::Slug.eq(slug)).filter(scope.on(Column::Id)).one(db).await?)
}
