//! Persons, as far as a caller shares a portfolio with them.

use std::collections::HashSet;

use domain::Role;
use entity::{member, person};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::{Actor, App, Error, Scope};

/// The person, if it is the caller or somebody who shares a portfolio with them.
pub async fn find(app: &App, actor: &Actor, id: Uuid) -> Result<Option<person::Model>, Error> {
    let sharing = member::Entity::find()
        .select_only()
        .column(member::Column::PersonId)
        .filter(actor.scope().on(member::Column::PortfolioId))
        .into_query();
    let oneself = actor.person().map(|own| person::Column::Id.eq(own.id.uuid()));
    let visible = Condition::any().add(person::Column::Id.in_subquery(sharing)).add_option(oneself);
    Ok(person::Entity::find_by_id(id).filter(visible).one(app.database().read()).await?)
}

/// Of these persons, those whom the caller may know more of than a name: the caller, and the members of
/// the portfolios that they are ADMIN of.
pub async fn known_to(app: &App, actor: &Actor, ids: &[Uuid]) -> Result<HashSet<Uuid>, Error> {
    let mut known: HashSet<_> = actor.person().map(|own| own.id.uuid()).into_iter().collect();
    let administered = actor.portfolios_with(&[Role::ADMIN]);
    if !administered.is_empty() && ids.iter().any(|id| !known.contains(id)) {
        let members: Vec<Uuid> = member::Entity::find()
            .select_only()
            .column(member::Column::PersonId)
            .filter(member::Column::PersonId.is_in(ids.iter().copied()))
            .filter(Scope::Portfolios(administered).on(member::Column::PortfolioId))
            .into_tuple()
            .all(app.database().read())
            .await?;
        known.extend(members);
    }
    Ok(known)
}
