//! API tokens, as records: never the tokens themselves, which are nowhere.

use chrono::{DateTime, Utc};
use entity::token::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect, sea_query::LockType,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Actor, Error, Scope, actor::Person};

/// What must hold of tokens that an actor can name: their own, and those bound to a portfolio of theirs.
pub(crate) fn nameable(actor: &Actor) -> Condition {
    let sight = actor.scope().on(Column::PortfolioId);
    match actor.person() {
        Some(person) => Condition::any().add(sight).add(own(person)),
        None => sight,
    }
}

/// A person's own tokens, as far as what they signed in with reaches.
fn own(person: &Person) -> Condition {
    let only = person.credential.only_token().map(|id| Column::Id.eq(id.uuid()));
    Condition::all().add(Column::PersonId.eq(person.id.uuid())).add_option(only)
}

/// The tokens that a caller may see: their own, and those bound to the portfolios they are ADMIN of.
pub(crate) fn visible(actor: &Actor) -> Condition {
    let Some(person) = actor.person() else { return Condition::all() };
    let administered = Scope::Portfolios(actor.portfolios_with(&[domain::Role::ADMIN]));
    Condition::any().add(own(person)).add(administered.on(Column::PortfolioId))
}

/// Tokens neither revoked nor expired.
pub(crate) fn good(now: DateTime<Utc>) -> Condition {
    let lasting = Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now));
    Condition::all().add(Column::RevokedAt.is_null()).add(lasting)
}

/// How many good tokens a person has. Others that count, or make one, wait until the transaction ends.
pub(crate) async fn count_good(
    db: &impl ConnectionTrait,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let turn = entity::person::Entity::find_by_id(person)
        .select_only()
        .column(entity::person::Column::Id)
        .lock(LockType::NoKeyUpdate);
    turn.into_tuple::<Uuid>().one(db).await?.ok_or(Error::NotFound)?;
    Ok(Entity::find().filter(Column::PersonId.eq(person)).filter(good(now)).count(db).await?)
}

/// Writes a new token.
pub(crate) async fn insert(db: &impl ConnectionTrait, token: &Model) -> Result<(), Error> {
    Entity::insert(ActiveModel::from(token.clone())).exec_without_returning(db).await?;
    Ok(())
}

/// Revokes a token.
pub(crate) async fn revoke(db: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    let change = ActiveModel { id: Set(id), revoked_at: Set(Some(now)), ..Default::default() };
    Entity::update(change).exec_without_returning(db).await?;
    Ok(())
}

/// The tokens of a person that are bound to a portfolio and not revoked.
pub(crate) async fn bound(
    db: &impl ConnectionTrait,
    portfolio: Uuid,
    person: Uuid,
) -> Result<Vec<Model>, Error> {
    let query = Entity::find()
        .filter(Column::PortfolioId.eq(portfolio))
        .filter(Column::PersonId.eq(person))
        .filter(Column::RevokedAt.is_null());
    Ok(query.all(db).await?)
}

/// What the audit shows of a token.
pub(crate) fn state(token: &Model) -> Value {
    json!({
        "token_id": token.id,
        "person_id": token.person_id,
        "label": token.label,
        "hint": token.hint,
        "roles": token.roles,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    })
}
