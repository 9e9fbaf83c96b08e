//! Table `citation`.

use sea_orm::entity::prelude::*;

/// An attestation rests on evidence that was submitted by itself.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "citation")]
pub struct Model {
    /// The attestation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attestation_id: Uuid,
    /// The evidence.
    #[sea_orm(primary_key, auto_increment = false)]
    pub evidence_id: Uuid,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
