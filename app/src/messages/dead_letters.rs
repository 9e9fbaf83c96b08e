//! Dead letters: messages that could not be handled, kept whole, listed and replayed by an operator.

use std::collections::BTreeMap;

use entity::dead_letter;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use crate::{App, Error, messages::outbox::PORTFOLIO_HEADER};

/// A message to park.
#[derive(Clone, Debug)]
pub struct Parked {
    /// The queue it came from.
    pub queue: String,
    /// Its id.
    pub message_id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its body, as it came.
    pub body: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why.
    pub reason: String,
}

/// Parks a message; once, however often it is delivered.
pub async fn park(app: &App, parked: Parked) -> Result<(), Error> {
    let Parked { queue, message_id, kind, body, headers, attempts, reason } = parked;
    let portfolio_id = headers.get(PORTFOLIO_HEADER).and_then(|id| id.parse().ok());
    dead_letter::Entity::insert(dead_letter::ActiveModel {
        id: Set(app.ids().next()),
        queue: Set(queue),
        message_id: Set(message_id),
        kind: Set(kind),
        body: Set(body),
        headers: Set(serde_json::to_value(headers)?),
        attempts: Set(i32::try_from(attempts).unwrap_or(i32::MAX)),
        reason: Set(reason),
        portfolio_id: Set(portfolio_id),
        parked_at: Set(app.clock().now()),
        replayed_at: Set(None),
        replayed_by_id: Set(None),
    })
    .on_conflict(OnConflict::new().do_nothing().to_owned())
    .exec_without_returning(app.database().write())
    .await?;
    Ok(())
}
