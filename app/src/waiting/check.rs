//! Whether the rows are as they would be if all of them were made anew: for tests, and for an operator in doubt.

use std::collections::BTreeMap;

use domain::{
    agenda,
    id::{Id, kind},
};
use entity::{dead_letter, stage_run, waiting};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::read::Things;
use crate::{App, Error, Scope, dead_letter::replay_dead_letter::OPERATORS};

/// What is wrong with the rows of a portfolio, as sentences; none: every row is there, and none is left behind.
pub async fn mismatches(app: &App, portfolio: Id<kind::Portfolio>) -> Result<Vec<String>, Error> {
    let wanted = wanted(app, portfolio.uuid()).await?;
    let rows = waiting::Entity::find()
        .filter(waiting::Column::PortfolioId.eq(portfolio.uuid()))
        .all(app.database().read())
        .await?;
    let found: BTreeMap<_, _> = rows.into_iter().map(|row| ((row.thing_id, row.role), row.owned)).collect();
    let missing = wanted.iter().filter(|(key, _)| !found.contains_key(key));
    let missing = missing.map(|((thing, role), _)| format!("{thing} does not wait for {role}, and should"));
    let left = found.iter().filter(|(key, _)| !wanted.contains_key(key));
    let left = left.map(|((thing, role), _)| format!("{thing} waits for {role}, and should not"));
    let other = found.iter().filter(|(key, owned)| wanted.get(key).is_some_and(|wanted| wanted != *owned));
    let other =
        other.map(|((thing, role), owned)| format!("{thing} is owned by {role}: {owned}, and should not be"));
    Ok(missing.chain(left).chain(other).collect())
}

/// `(thing, role)`, and whether the role answers for it.
async fn wanted(app: &App, portfolio: Uuid) -> Result<BTreeMap<(Uuid, String), bool>, Error> {
    let db = app.database().read();
    let runs = stage_run::Entity::find()
        .filter(stage_run::Column::PortfolioId.eq(portfolio))
        .filter(stage_run::Column::EndedAt.is_null())
        .all(db)
        .await?;
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    let mut things = Things::gather(app, &Scope::All, &ids, &[]).await?;
    let mut wanted = BTreeMap::new();
    for run in runs {
        let Some((steps, rights)) = things.all_steps(run.id)? else { continue };
        for waits in agenda::waits_for(&steps, &rights) {
            wanted.insert((run.id, waits.role.to_string()), waits.owned);
        }
    }
    let letters = dead_letter::Entity::find()
        .filter(dead_letter::Column::PortfolioId.eq(portfolio))
        .filter(dead_letter::Column::ReplayedAt.is_null());
    for letter in letters.all(db).await? {
        wanted.extend(OPERATORS.iter().map(|role| ((letter.id, (*role).to_owned()), true)));
    }
    Ok(wanted)
}
