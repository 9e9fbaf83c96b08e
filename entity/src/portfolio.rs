//! Table `portfolio`.

use sea_orm::entity::prelude::*;

/// A portfolio: the boundary of what its members may see.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "portfolio")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Short name in commands and links, unique.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// IANA zone for new ventures.
    pub zone: String,
    /// ISO 4217 currency for new ventures.
    pub currency: String,
    /// The playbook that new stage runs start with.
    pub playbook_id: Uuid,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// Last sequence number of its own history.
    pub sequence: i64,
    /// Counts its changes, from 1.
    pub version: i64,
    /// How many enabled webhook endpoints it has.
    pub listeners: i32,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
