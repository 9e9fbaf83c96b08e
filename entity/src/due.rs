//! Table `due`.

use sea_orm::entity::prelude::*;

/// Timers: rows that a sweep takes up when they are due.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "due")]
pub struct Model {
    /// The sweep.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sweep: String,
    /// The record it is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Uuid,
    /// When.
    pub due_at: DateTimeUtc,
    /// A worker has it until then.
    pub lease_until: Option<DateTimeUtc>,
    /// How often settling it failed.
    pub attempt: i32,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
