//! Table `evidence`.

use domain::evidence::ContentKind;
use sea_orm::entity::prelude::*;

use crate::Name;

/// Something that supports attestations.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "evidence")]
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
    /// The attestation it was submitted with; none: by itself, to be cited.
    pub attestation_id: Option<Uuid>,
    /// LINK, TEXT or FILE.
    pub kind: Name<ContentKind>,
    /// Its title.
    pub title: String,
    /// The link, if it is one.
    pub link: Option<String>,
    /// The text, if it is one.
    pub body: Option<String>,
    /// The file, if it is one.
    pub file_id: Option<Uuid>,
    /// Who submitted it.
    pub by_person_id: Uuid,
    /// When.
    pub at: DateTimeUtc,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTimeUtc>,
    /// Who withdrew it.
    pub withdrawn_by_id: Option<Uuid>,
    /// Why it was withdrawn.
    pub withdrawn_reason: Option<String>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
