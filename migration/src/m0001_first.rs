//! The first schema: every table of the workflow and of the delivery mechanism.

mod indexes;
mod search;
mod tables;

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::table::create;

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in tables::TABLES {
            let table = create(name, columns, tables::FOREIGN_KEYS, manager.get_database_backend());
            manager.create_table(table).await?;
        }
        for (table, columns, unique) in indexes::PLAIN {
            manager.create_index(plain(table, columns, *unique)).await?;
        }
        for statement in indexes::CONDITIONAL {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        search::add(manager).await?;
        room_on_pages(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        search::remove(manager).await?;
        for (name, _) in tables::TABLES.iter().rev() {
            manager.drop_table(Table::drop().table(*name).take()).await?;
        }
        Ok(())
    }
}

fn plain(table: &'static str, columns: &[&'static str], unique: bool) -> IndexCreateStatement {
    let mut index = Index::create();
    let prefix = if unique { "unique" } else { "index" };
    index.name(format!("{prefix}_{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    index
}

/// Rows that change often keep their place when their page has room: no index has to be written anew.
async fn room_on_pages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in ["venture", "stage_run", "gate_run", "portfolio"] {
        let statement = format!("ALTER TABLE {table} SET (fillfactor = 80)");
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    // The outbox and the timers are small and busy: vacuum early.
    for table in ["outbox", "due"] {
        let statement = format!(
            "ALTER TABLE {table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0, \
             autovacuum_vacuum_threshold = 1000)"
        );
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}
