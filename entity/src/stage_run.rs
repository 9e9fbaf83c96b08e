//! Table `stage_run`.

use domain::stage_run;
use sea_orm::entity::prelude::*;

use crate::Name;

/// One attempt of a venture, or of the portfolio, at one stage.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stage_run")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio it belongs to.
    pub portfolio_id: Uuid,
    /// The venture; none: the portfolio's own run.
    pub venture_id: Option<Uuid>,
    /// The playbook it started with.
    pub playbook_id: Uuid,
    /// Number of the stage.
    pub stage: i16,
    /// Counts the subject's runs of the stage, from 1.
    pub attempt: i16,
    /// ENTERING, ACTIVE, COMPLETED or ABANDONED.
    pub status: Name<stage_run::StatusKind>,
    /// When it opened.
    pub started_at: DateTimeUtc,
    /// When its entry gates had passed.
    pub entered_at: Option<DateTimeUtc>,
    /// When its expected days are over.
    pub due_at: DateTimeUtc,
    /// When it was found late.
    pub late_at: Option<DateTimeUtc>,
    /// When it was completed or abandoned.
    pub ended_at: Option<DateTimeUtc>,
    /// How each gate stands, by key.
    pub gates: Json,
    /// The roles that can take a step in the run.
    pub waits_for: Json,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
