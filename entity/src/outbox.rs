//! Table `outbox`.

use sea_orm::entity::prelude::*;

/// Messages on their way: written with the change that caused them, gone once confirmed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Row id, in the order of writing.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The message's id, the same at every attempt.
    pub message_id: Uuid,
    /// The message's kind.
    pub kind: String,
    /// The one queue it goes to; none: all bound to its kind.
    pub queue: Option<String>,
    /// JSON.
    pub body: String,
    /// Trace context and the like.
    pub headers: Json,
    /// How often handling it failed before.
    pub attempt: i32,
    /// Not before this.
    pub available_at: DateTimeUtc,
    /// A relay has it until then.
    pub lease_until: Option<DateTimeUtc>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
