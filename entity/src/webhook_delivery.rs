//! Table `webhook_delivery`.

use domain::webhook::DeliveryStatusKind;
use sea_orm::entity::prelude::*;

use crate::Name;

/// One message on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// Where it goes.
    pub endpoint_id: Uuid,
    /// What is sent.
    pub message_id: Uuid,
    /// Wire name of that message.
    pub kind: String,
    /// PENDING, DELIVERED, FAILED or CANCELLED.
    pub status: Name<DeliveryStatusKind>,
    /// How often it was tried in all.
    pub attempts: i32,
    /// How often since it was sent, or sent again on request.
    pub tried: i32,
    /// When it is tried again; none: at once, or never.
    pub next_attempt_at: Option<DateTimeUtc>,
    /// When it ended; none: it is pending.
    pub ended_at: Option<DateTimeUtc>,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
