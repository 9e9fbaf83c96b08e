//! Stores: the way between rows and the domain's values. Every finder takes the caller's scope, so that
//! no path reaches another portfolio's record.

pub mod assessment;
pub mod evidence;
pub mod gate_run;
pub mod member;
pub mod metric_sample;
mod owned;
pub mod person;
pub mod portfolio;
pub mod stage_run;
pub mod token;
pub mod venture;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod webhook_event;
pub mod webhook_source;

use domain::id::{Id, kind};
use entity::dead_letter;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::Error;

pub use owned::Owned;
pub(crate) use owned::{by_id, by_ids, find, keyed, lock, portfolio_of};

/// A row that the database should not hold.
pub(crate) fn corrupt(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("the database holds {what}"))
}

/// The portfolio of a dead letter. A letter that names none is nobody's.
pub(crate) async fn dead_letter_portfolio(
    db: &impl ConnectionTrait,
    id: Id<kind::DeadLetter>,
) -> Result<Id<kind::Portfolio>, Error> {
    let letter = dead_letter::Entity::find_by_id(id.uuid()).one(db).await?.ok_or(Error::NotFound)?;
    letter.portfolio_id.map(Id::new).ok_or(Error::NotFound)
}
