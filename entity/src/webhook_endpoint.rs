//! Table `webhook_endpoint`.

use domain::webhook::DisabledReason;
use sea_orm::entity::prelude::*;

use crate::Name;

/// An address that is told of a portfolio's events.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Wire names of the events it is told of; none: all.
    pub event_types: Option<Json>,
    /// What signs, sealed, each with its end; empty once it was deleted.
    pub secrets: Json,
    /// Why it is told of nothing; none: it is told.
    pub disabled_reason: Option<Name<DisabledReason>>,
    /// Since when.
    pub disabled_at: Option<DateTimeUtc>,
    /// Since when every attempt has failed.
    pub failing_since: Option<DateTimeUtc>,
    /// Who made it.
    pub created_by_id: Uuid,
    /// When.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// When it was deleted: only its deliveries know it since.
    pub deleted_at: Option<DateTimeUtc>,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
