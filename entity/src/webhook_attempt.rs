//! Table `webhook_attempt`.

use sea_orm::entity::prelude::*;

/// One attempt at a delivery, and what came of it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempt")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// The delivery.
    pub delivery_id: Uuid,
    /// Its number among the attempts, from 1.
    pub number: i32,
    /// When it was recorded.
    pub at: DateTimeUtc,
    /// How long it took, in milliseconds.
    pub took_ms: i32,
    /// The HTTP status, if the receiver answered.
    pub status: Option<i32>,
    /// The beginning of the answer's body.
    pub body: Option<String>,
    /// Why there was no answer.
    pub error: Option<String>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
