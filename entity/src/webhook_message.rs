//! Table `webhook_message`.

use sea_orm::entity::prelude::*;

/// What endpoints are told, its body fixed once.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_message")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// The event it tells of, whose id is its own; none: a test.
    pub event_id: Option<Uuid>,
    /// Wire name, such as venture.created.v1.
    pub kind: String,
    /// The JSON that is sent, byte by byte.
    pub body: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
