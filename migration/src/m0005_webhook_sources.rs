//! Integrations that send us events, what they sent, and what came of it: evidence that no attestation was made
//! for yet, and samples of metrics.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::table::{Column, Row, create};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_webhook_sources"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        attested_or_not(manager, true).await?;
        for (name, columns) in TABLES {
            manager.create_table(create(name, columns, FOREIGN_KEYS, backend)).await?;
        }
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in TABLES.iter().rev() {
            manager.drop_table(Table::drop().table(*name).take()).await?;
        }
        let unattested = "DELETE FROM evidence WHERE attestation_id IS NULL";
        manager.get_connection().execute_unprepared(unattested).await?;
        attested_or_not(manager, false).await
    }
}

/// Evidence that was submitted by itself belongs to no attestation. SQLite cannot change a column, so there the
/// table is made again; nothing refers to it yet.
async fn attested_or_not(manager: &SchemaManager<'_>, nullable: bool) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        let change = if nullable { "DROP" } else { "SET" };
        let sql = format!("ALTER TABLE evidence ALTER COLUMN attestation_id {change} NOT NULL");
        connection.execute_unprepared(&sql).await?;
        return Ok(());
    }
    let columns: Vec<Row> = EVIDENCE
        .iter()
        .map(|(name, kind, null, key)| (*name, *kind, *null || (nullable && *name == "attestation_id"), *key))
        .collect();
    connection.execute_unprepared("ALTER TABLE evidence RENAME TO evidence_before").await?;
    let attestation = [("evidence", "attestation_id", "attestation")];
    manager.create_table(create("evidence", &columns, &attestation, DbBackend::Sqlite)).await?;
    let names = EVIDENCE.map(|(name, ..)| name).join(", ");
    for statement in [
        format!("INSERT INTO evidence ({names}) SELECT {names} FROM evidence_before"),
        "DROP TABLE evidence_before".to_owned(),
        "CREATE INDEX index_evidence_attestation_id ON evidence (attestation_id)".to_owned(),
        "CREATE INDEX index_evidence_stage_run_id ON evidence (stage_run_id)".to_owned(),
    ] {
        connection.execute_unprepared(&statement).await?;
    }
    Ok(())
}

use Column::{Bytes, Double, Integer, Json, Key, Text, Time, Uuid};

/// The table `evidence` as the first step made it.
const EVIDENCE: [Row; 14] = [
    ("id", Uuid, false, true),
    ("portfolio_id", Uuid, false, false),
    ("stage_run_id", Uuid, false, false),
    ("attestation_id", Uuid, false, false),
    ("kind", Text, false, false),
    ("title", Text, false, false),
    ("link", Text, true, false),
    ("body", Text, true, false),
    ("file_id", Uuid, true, false),
    ("by_person_id", Uuid, false, false),
    ("at", Time, false, false),
    ("withdrawn_at", Time, true, false),
    ("withdrawn_by_id", Uuid, true, false),
    ("withdrawn_reason", Text, true, false),
];

/// `(table, [(column, type, nullable, primary key)])`, parents first.
const TABLES: &[(&str, &[Row])] = &[
    ("citation", &[("attestation_id", Uuid, false, true), ("evidence_id", Uuid, false, true)]),
    (
        "webhook_source",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("person_id", Uuid, false, false),
            ("name", Key, false, false),
            ("description", Text, true, false),
            ("secret", Bytes, false, false),
            ("previous_secret", Bytes, true, false),
            ("previous_secret_until", Time, true, false),
            ("created_at", Time, false, false),
            ("created_by_id", Uuid, false, false),
            ("updated_at", Time, false, false),
            ("disabled_at", Time, true, false),
        ],
    ),
    (
        "webhook_event",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("source_id", Uuid, false, false),
            ("webhook_id", Key, false, false),
            ("event_type", Key, false, false),
            ("occurred_at", Time, true, false),
            ("received_at", Time, false, false),
            ("content_type", Text, false, false),
            ("headers", Json, false, false),
            ("body", Text, false, false),
            ("body_hash", Text, false, false),
            ("status", Key, false, false),
            ("attempts", Integer, false, false),
            ("handled_at", Time, true, false),
            ("code", Text, true, false),
            ("message", Text, true, false),
            ("record", Json, true, false),
        ],
    ),
    (
        "metric_sample",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("venture_id", Uuid, false, false),
            ("metric", Key, false, false),
            ("at", Time, false, false),
            ("value", Double, false, false),
            ("by_person_id", Uuid, false, false),
            ("key", Key, false, false),
            ("recorded_at", Time, false, false),
        ],
    ),
];

/// `(table, column, parent table)`: every parent's key is `id`.
const FOREIGN_KEYS: &[(&str, &str, &str)] = &[
    ("citation", "attestation_id", "attestation"),
    ("citation", "evidence_id", "evidence"),
    ("webhook_source", "portfolio_id", "portfolio"),
    ("webhook_source", "person_id", "person"),
    ("webhook_event", "source_id", "webhook_source"),
    ("metric_sample", "venture_id", "venture"),
    ("metric_sample", "by_person_id", "person"),
];

const INDEXES: &[&str] = &[
    "CREATE INDEX index_citation_evidence_id ON citation (evidence_id)",
    "CREATE INDEX index_webhook_source_portfolio_id ON webhook_source (portfolio_id, created_at, id)",
    "CREATE UNIQUE INDEX unique_webhook_source_person_id ON webhook_source (person_id)",
    // The same event, sent again: kept once.
    "CREATE UNIQUE INDEX unique_webhook_event_webhook_id ON webhook_event (source_id, webhook_id)",
    "CREATE INDEX index_webhook_event_received_at ON webhook_event (source_id, received_at, id)",
    "CREATE UNIQUE INDEX unique_metric_sample_key ON metric_sample (by_person_id, key)",
    "CREATE INDEX index_metric_sample_at ON metric_sample (venture_id, metric, at, id)",
    "CREATE INDEX index_metric_sample_venture_id ON metric_sample (venture_id, at, id)",
];
