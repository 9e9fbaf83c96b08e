//! Who a person is beyond a name, and how far a token of theirs reaches.

use sea_orm_migration::prelude::*;

use crate::table::{Column, add_column};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_identity"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column, kind, rest) in COLUMNS {
            manager
                .alter_table(add_column(table, column, *kind, rest, manager.get_database_backend()))
                .await?;
        }
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["unique_person_issuer_subject", "index_token_person_id", "index_token_portfolio_id"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for (table, column, ..) in COLUMNS.iter().rev() {
            manager.alter_table(Table::alter().table(*table).drop_column(*column).take()).await?;
        }
        Ok(())
    }
}

/// `(table, column, type, what else the column says)`.
const COLUMNS: &[(&str, &str, Column, &str)] = &[
    ("person", "kind", Column::Text, "NOT NULL DEFAULT 'PERSON'"),
    ("person", "email", Column::Text, ""),
    // Whom the OIDC issuer means, both or neither.
    ("person", "issuer", Column::Key, ""),
    ("person", "subject", Column::Key, ""),
    // How far it reaches: null is as far as its holder.
    ("token", "portfolio_id", Column::Uuid, "REFERENCES portfolio (id)"),
    ("token", "roles", Column::Json, ""),
    ("token", "hint", Column::Text, ""),
    ("token", "created_by_id", Column::Uuid, "REFERENCES person (id)"),
    ("token", "last_used_at", Column::Time, ""),
];

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX unique_person_issuer_subject ON person (issuer, subject) WHERE subject IS NOT NULL",
    "CREATE INDEX index_token_person_id ON token (person_id, created_at, id)",
    "CREATE INDEX index_token_portfolio_id ON token (portfolio_id, created_at, id) \
     WHERE portfolio_id IS NOT NULL",
];
