//! Table `attestation`.

use sea_orm::entity::prelude::*;

/// A person's word that a label holds, or that a fact has a value.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attestation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture; none when the stage run is the portfolio's own.
    pub venture_id: Option<Uuid>,
    /// The run it belongs to.
    pub stage_run_id: Uuid,
    /// What it is about, as a key within the stage.
    pub target: String,
    /// The value attested, for a fact.
    pub value: Option<Json>,
    /// The role in which the person spoke.
    pub by_role: String,
    /// Who.
    pub by_person_id: Uuid,
    /// A remark.
    pub note: Option<String>,
    /// When.
    pub at: DateTimeUtc,
    /// When a later one took its place.
    pub superseded_at: Option<DateTimeUtc>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
