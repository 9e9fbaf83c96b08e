//! Table `idempotency`.

use sea_orm::entity::prelude::*;

/// Answers kept for repeated requests.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
    /// The caller's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The command it was used for.
    pub command: String,
    /// Hex SHA-256 of the command.
    pub input_hash: String,
    /// The answer.
    pub output: Json,
    /// When.
    pub at: DateTimeUtc,
}

/// Relations are not used: queries name their joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
