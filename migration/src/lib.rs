//! Migrations: how the schema came to be, one file a step. A step that was released never changes.

mod m0001_first;
mod table;

pub use sea_orm_migration::MigratorTrait;
use std::hash::{DefaultHasher, Hash, Hasher};

use sea_orm_migration::{
    MigrationTrait,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, TransactionTrait},
};

/// The steps, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_first::Migration)]
    }
}

/// One number for all processes that migrate one database, chosen at random.
const LOCK: i64 = 7_402_583_619_274;

/// Applies the steps that `database` lacks. Processes that start together take turns.
pub async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Migrator::up(database, None).await;
    }
    let turn = database.begin().await?;
    turn.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    Migrator::up(database, None).await?;
    turn.commit().await
}

/// A short name of the schema that these steps make: of their text, so that a step changed before its
/// release is told from what it was.
pub fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    [
        include_str!("m0001_first.rs"),
        include_str!("m0001_first/tables.rs"),
        include_str!("m0001_first/indexes.rs"),
        include_str!("m0001_first/search.rs"),
        include_str!("table.rs"),
    ]
    .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
