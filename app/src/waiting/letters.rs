//! Rows of dead letters: each waits for the roles that can replay it.

use domain::{Role, agenda::Thing};
use entity::{dead_letter, waiting};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{DeleteStatement, InsertStatement},
};
use uuid::Uuid;

use crate::{Context, dead_letter::replay_dead_letter::OPERATORS};

/// The rows of a dead letter of a portfolio.
pub(crate) fn parked(cx: &mut Context<'_>, letter: &dead_letter::Model) -> Option<InsertStatement> {
    let portfolio_id = letter.portfolio_id?;
    let rows = OPERATORS.iter().map(|role| waiting::ActiveModel {
        id: Set(cx.id::<()>().uuid()),
        portfolio_id: Set(portfolio_id),
        venture_id: Set(letter.venture_id),
        kind: Set(Thing::DeadLetter.into()),
        thing_id: Set(letter.id),
        role: Set((*role).to_owned()),
        owned: Set(true),
        since: Set(letter.parked_at),
        due_at: Set(letter.parked_at),
    });
    let statement = waiting::Entity::insert_many(rows).into_query();
    cx.waits_for_others(OPERATORS.iter().filter_map(|role| Role::parse(role).ok()));
    Some(statement)
}

/// Removes the rows of a dead letter.
pub(crate) fn replayed(cx: &mut Context<'_>, letter: Uuid) -> DeleteStatement {
    cx.waits_for_others(OPERATORS.iter().filter_map(|role| Role::parse(role).ok()));
    waiting::Entity::delete_many().filter(waiting::Column::ThingId.eq(letter)).into_query()
}
