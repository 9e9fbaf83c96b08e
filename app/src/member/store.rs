//! Members: persons in portfolios, with their roles there.

use domain::Role;
use entity::member::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryTrait,
    sea_query::InsertStatement,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Error, database};

/// A person's place in a portfolio.
pub(crate) async fn of(
    db: &impl ConnectionTrait,
    portfolio: Uuid,
    person: Uuid,
) -> Result<Option<Model>, Error> {
    let query = Entity::find().filter(Column::PortfolioId.eq(portfolio)).filter(Column::PersonId.eq(person));
    Ok(query.one(db).await?)
}

/// All places of a person.
pub(crate) async fn all_of(db: &impl ConnectionTrait, person: Uuid) -> Result<Vec<Model>, Error> {
    Ok(Entity::find().filter(Column::PersonId.eq(person)).all(db).await?)
}

/// How many members a portfolio has.
pub(crate) async fn count(db: &impl ConnectionTrait, portfolio: Uuid) -> Result<u64, Error> {
    Ok(Entity::find().filter(Column::PortfolioId.eq(portfolio)).count(db).await?)
}

/// How many other members of the same portfolio are ADMIN.
pub(crate) async fn other_admins(db: &impl ConnectionTrait, member: &Model) -> Result<u64, Error> {
    let query = Entity::find()
        .filter(Column::PortfolioId.eq(member.portfolio_id))
        .filter(Column::Id.ne(member.id))
        .filter(database::holds_one_of(db.get_database_backend(), ("member", "roles"), [Role::ADMIN]));
    Ok(query.count(db).await?)
}

/// Writes a new member.
pub(crate) fn insert(member: &Model) -> InsertStatement {
    Entity::insert(ActiveModel::from(member.clone())).into_query()
}

/// The roles of a member.
pub(crate) fn roles(member: &Model) -> Result<Vec<Role>, Error> {
    Ok(serde_json::from_value(member.roles.clone())?)
}

/// What the audit shows of a member.
pub(crate) fn state(member: &Model) -> Value {
    json!({ "member_id": member.id, "person_id": member.person_id, "roles": member.roles })
}
