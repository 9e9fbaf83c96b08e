//! Table `webhook_event`.

use domain::webhook_source::EventStatus;
use sea_orm::entity::prelude::*;

use crate::Name;

/// An event that an integration sent, as it came.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_event")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The source that sent it.
    pub source_id: Uuid,
    /// Its id at the source.
    pub webhook_id: String,
    /// Its type.
    pub event_type: String,
    /// When it happened, as the source says.
    pub occurred_at: Option<DateTimeUtc>,
    /// When it came.
    pub received_at: DateTimeUtc,
    /// Media type of its body.
    pub content_type: String,
    /// What else its headers said: an object of texts.
    pub headers: Json,
    /// Its body, to the byte.
    pub body: String,
    /// Lower-case hex SHA-256 of its body.
    pub body_hash: String,
    /// RECEIVED, HANDLED, REJECTED or IGNORED.
    pub status: Name<EventStatus>,
    /// How often it was handled to an end.
    pub attempts: i32,
    /// When it last was.
    pub handled_at: Option<DateTimeUtc>,
    /// The code of its rejection.
    pub code: Option<String>,
    /// Why it was rejected.
    pub message: Option<String>,
    /// Kind and id of the record that it led to.
    pub record: Option<Json>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
