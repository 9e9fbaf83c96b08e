//! Table `webhook_source`.

use sea_orm::entity::prelude::*;

/// An integration that sends us events.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_source")]
pub struct Model {
    /// Its id, which is part of the address that it calls.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// The person it acts as.
    pub person_id: Uuid,
    /// Its name, and that person's.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The secret it signs by, sealed.
    pub secret: Vec<u8>,
    /// The secret before that, sealed.
    pub previous_secret: Option<Vec<u8>>,
    /// Until when that one is good.
    pub previous_secret_until: Option<DateTimeUtc>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// Who made it.
    pub created_by_id: Uuid,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// When it was disabled.
    pub disabled_at: Option<DateTimeUtc>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
