//! Table `member`.

use sea_orm::entity::prelude::*;

/// A person's place in one portfolio, with the roles held there.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// The roles held: a list of role keys.
    pub roles: Json,
    /// Since when.
    pub joined_at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
