//! Table `venture`.

use domain::venture;
use sea_orm::entity::prelude::*;

use crate::Name;

/// A venture: the root of its aggregate.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "venture")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its category.
    pub category: Option<String>,
    /// IANA zone.
    pub zone: String,
    /// ISO 4217 currency.
    pub currency: String,
    /// ACTIVE, PAUSED, KILLED or COMPLETED.
    pub status: Name<venture::StatusKind>,
    /// Why it is paused or was killed.
    pub status_reason: Option<String>,
    /// Since when it is not active.
    pub status_since: Option<DateTimeUtc>,
    /// The run of its current stage.
    pub stage_run_id: Uuid,
    /// Number of its current stage.
    pub stage: i16,
    /// Counts changes of the aggregate, from 1.
    pub version: i64,
    /// Last sequence number of its history.
    pub sequence: i64,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
