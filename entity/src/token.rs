//! Table `token`.

use sea_orm::entity::prelude::*;

/// An API token; only its hash is kept.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "token")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub person_id: Uuid,
    /// Lower-case hex SHA-256 of the token.
    pub hash: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it ends by itself.
    pub expires_at: Option<DateTimeUtc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// The one portfolio it reaches; none: all of its holder's.
    pub portfolio_id: Option<Uuid>,
    /// The roles it is held to, a list of role keys; none: all of its holder's.
    pub roles: Option<Json>,
    /// Its start, by which its holder knows it again.
    pub hint: Option<String>,
    /// The person who made it; none: whoever runs the system.
    pub created_by_id: Option<Uuid>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTimeUtc>,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
