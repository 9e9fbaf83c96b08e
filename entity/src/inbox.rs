//! Table `inbox`.

use sea_orm::entity::prelude::*;

/// Messages handled, or being handled, by consumer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub struct Model {
    /// The queue or sweep.
    #[sea_orm(primary_key, auto_increment = false)]
    pub consumer: String,
    /// The message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: Uuid,
    /// CLAIMED or DONE.
    pub state: String,
    /// When it was last claimed or settled.
    pub at: DateTimeUtc,
    /// An effect's claim ends then.
    pub lease_until: Option<DateTimeUtc>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
