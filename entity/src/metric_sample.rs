//! Table `metric_sample`.

use sea_orm::entity::prelude::*;

/// A value of a metric at a time.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "metric_sample")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture that was measured.
    pub venture_id: Uuid,
    /// The metric's name.
    pub metric: String,
    /// When it was measured.
    pub at: DateTimeUtc,
    /// What was measured.
    pub value: f64,
    /// Who recorded it.
    pub by_person_id: Uuid,
    /// Its recorder's key: the same key again is the same sample.
    pub key: String,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
