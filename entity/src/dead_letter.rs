//! Table `dead_letter`.

use sea_orm::entity::prelude::*;

/// Messages that could not be handled, kept for a person.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letter")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The queue it came from.
    pub queue: String,
    /// The message.
    pub message_id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its body, as it came.
    pub body: String,
    /// Its headers.
    pub headers: Json,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it was parked.
    pub reason: String,
    /// The portfolio it belongs to; none: it does not say.
    pub portfolio_id: Option<Uuid>,
    /// The venture whose job the message is to do; none when the job, if there is one, is the portfolio's own.
    pub venture_id: Option<Uuid>,
    /// What kind of job the message is to do, as in global ids.
    pub job_kind: Option<String>,
    /// The job.
    pub job_id: Option<Uuid>,
    /// When.
    pub parked_at: DateTimeUtc,
    /// When it was sent again.
    pub replayed_at: Option<DateTimeUtc>,
    /// Who sent it again.
    pub replayed_by_id: Option<Uuid>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
