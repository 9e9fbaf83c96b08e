//! The first schema: every table of the workflow and of the delivery mechanism.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::table::{Column, create};

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
        for (name, columns) in TABLES {
            manager.create_table(create(name, columns, FOREIGN_KEYS, manager.get_database_backend())).await?;
        }
        for (table, columns, unique) in INDEXES {
            let mut index = Index::create();
            index.name(format!(
                "{}_{}_{}",
                if *unique { "unique" } else { "index" },
                table,
                columns.join("_")
            ));
            index.table(*table);
            for column in *columns {
                index.col(*column);
            }
            if *unique {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        conditional_indexes(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in TABLES.iter().rev() {
            manager.drop_table(Table::drop().table(*name).take()).await?;
        }
        Ok(())
    }
}

/// Indexes over some of the rows only.
async fn conditional_indexes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sql = [
        // One history, one number: two writers cannot both take it.
        "CREATE UNIQUE INDEX unique_history_venture_id_sequence ON history (venture_id, sequence) \
         WHERE venture_id IS NOT NULL",
        // The same failed attempt, recorded by two deliveries of one message, is one retry.
        "CREATE UNIQUE INDEX unique_outbox_retry ON outbox (message_id, queue, attempt) WHERE queue IS NOT NULL",
        // A message is parked once, until it is replayed.
        "CREATE UNIQUE INDEX unique_dead_letter_waiting ON dead_letter (queue, message_id) \
         WHERE replayed_at IS NULL",
        // What holds now, of each label.
        "CREATE UNIQUE INDEX unique_attestation_current ON attestation (stage_run_id, target) \
         WHERE superseded_at IS NULL",
    ];
    for statement in sql {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    if manager.get_database_backend() == DbBackend::Postgres {
        // The outbox and the timers are small and busy: keep room on the page and vacuum early.
        for table in ["outbox", "due"] {
            let statement = format!(
                "ALTER TABLE {table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0, \
                 autovacuum_vacuum_threshold = 1000)"
            );
            manager.get_connection().execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

use Column::{Big, Bytes, Integer, Json, Key, Small, Text, Time, Uuid};

/// `(table, [(column, type, nullable, primary key)])`, parents first.
const TABLES: &[(&str, &[crate::table::Row])] = &[
    (
        "playbook",
        &[
            ("id", Uuid, false, true),
            ("hash", Key, false, false),
            ("name", Text, false, false),
            ("version", Text, false, false),
            ("files", Json, false, false),
            ("imported_at", Time, false, false),
        ],
    ),
    (
        "portfolio",
        &[
            ("id", Uuid, false, true),
            ("slug", Key, false, false),
            ("name", Text, false, false),
            ("zone", Text, false, false),
            ("currency", Text, false, false),
            ("playbook_id", Uuid, false, false),
            ("created_at", Time, false, false),
            ("version", Big, false, false),
        ],
    ),
    (
        "person",
        &[
            ("id", Uuid, false, true),
            ("handle", Key, false, false),
            ("name", Text, false, false),
            ("created_at", Time, false, false),
        ],
    ),
    (
        "member",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("person_id", Uuid, false, false),
            ("roles", Json, false, false),
            ("joined_at", Time, false, false),
        ],
    ),
    (
        "token",
        &[
            ("id", Uuid, false, true),
            ("person_id", Uuid, false, false),
            ("hash", Key, false, false),
            ("label", Text, false, false),
            ("created_at", Time, false, false),
            ("expires_at", Time, true, false),
            ("revoked_at", Time, true, false),
        ],
    ),
    (
        "venture",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("name", Key, false, false),
            ("description", Text, false, false),
            ("category", Text, true, false),
            ("zone", Text, false, false),
            ("currency", Text, false, false),
            ("status", Text, false, false),
            ("status_reason", Text, true, false),
            ("status_since", Time, true, false),
            ("stage_run_id", Uuid, false, false),
            ("stage", Small, false, false),
            ("version", Big, false, false),
            ("sequence", Big, false, false),
            ("created_at", Time, false, false),
            ("updated_at", Time, false, false),
        ],
    ),
    (
        "stage_run",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("venture_id", Uuid, true, false),
            ("playbook_id", Uuid, false, false),
            ("stage", Small, false, false),
            ("attempt", Small, false, false),
            ("status", Text, false, false),
            ("started_at", Time, false, false),
            ("entered_at", Time, true, false),
            ("due_at", Time, false, false),
            ("late_at", Time, true, false),
            ("ended_at", Time, true, false),
        ],
    ),
    (
        "attestation",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("stage_run_id", Uuid, false, false),
            ("target", Key, false, false),
            ("value", Json, true, false),
            ("by_role", Text, false, false),
            ("by_person_id", Uuid, false, false),
            ("note", Text, true, false),
            ("at", Time, false, false),
            ("superseded_at", Time, true, false),
        ],
    ),
    (
        "evidence",
        &[
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
        ],
    ),
    (
        "file",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("name", Text, false, false),
            ("media_type", Text, false, false),
            ("size_bytes", Big, false, false),
            ("sha256", Text, false, false),
            ("bytes", Bytes, false, false),
            ("by_person_id", Uuid, false, false),
            ("at", Time, false, false),
        ],
    ),
    (
        "gate_run",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("venture_id", Uuid, false, false),
            ("stage_run_id", Uuid, false, false),
            ("stage", Small, false, false),
            ("gate", Text, false, false),
            ("kind", Text, false, false),
            ("status", Text, false, false),
            ("verdict", Text, true, false),
            ("decision", Json, true, false),
            ("requested_by_id", Uuid, false, false),
            ("requested_at", Time, false, false),
            ("decided_at", Time, true, false),
            ("decided_by", Text, true, false),
            ("trace_id", Text, true, false),
            ("version", Big, false, false),
        ],
    ),
    (
        "history",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("venture_id", Uuid, true, false),
            ("sequence", Big, false, false),
            ("kind", Text, false, false),
            ("at", Time, false, false),
            ("actor", Json, false, false),
            ("body", Json, false, false),
            ("trace_id", Text, true, false),
        ],
    ),
    (
        "audit",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, true, false),
            ("command", Text, false, false),
            ("actor", Json, false, false),
            ("at", Time, false, false),
            ("target", Text, false, false),
            ("reason", Text, true, false),
            ("before", Json, true, false),
            ("after", Json, true, false),
            ("request_id", Text, true, false),
            ("trace_id", Text, true, false),
        ],
    ),
    (
        "idempotency",
        &[
            ("person_id", Uuid, false, true),
            ("key", Key, false, true),
            ("command", Text, false, false),
            ("input_hash", Text, false, false),
            ("output", Json, false, false),
            ("at", Time, false, false),
        ],
    ),
    (
        "outbox",
        &[
            ("id", Uuid, false, true),
            ("message_id", Uuid, false, false),
            ("kind", Text, false, false),
            ("queue", Text, true, false),
            ("body", Text, false, false),
            ("headers", Json, false, false),
            ("attempt", Integer, false, false),
            ("available_at", Time, false, false),
            ("lease_until", Time, true, false),
        ],
    ),
    (
        "inbox",
        &[
            ("consumer", Text, false, true),
            ("message_id", Uuid, false, true),
            ("state", Text, false, false),
            ("at", Time, false, false),
            ("lease_until", Time, true, false),
        ],
    ),
    (
        "dead_letter",
        &[
            ("id", Uuid, false, true),
            ("queue", Text, false, false),
            ("message_id", Uuid, false, false),
            ("kind", Text, false, false),
            ("body", Text, false, false),
            ("headers", Json, false, false),
            ("attempts", Integer, false, false),
            ("reason", Text, false, false),
            ("portfolio_id", Uuid, true, false),
            ("parked_at", Time, false, false),
            ("replayed_at", Time, true, false),
            ("replayed_by_id", Uuid, true, false),
        ],
    ),
    (
        "due",
        &[
            ("sweep", Text, false, true),
            ("key", Uuid, false, true),
            ("due_at", Time, false, false),
            ("lease_until", Time, true, false),
            ("attempt", Integer, false, false),
        ],
    ),
];

/// `(table, columns, unique)`.
const INDEXES: &[(&str, &[&str], bool)] = &[
    ("playbook", &["hash"], true),
    ("portfolio", &["slug"], true),
    ("person", &["handle"], true),
    ("member", &["portfolio_id", "person_id"], true),
    ("member", &["person_id"], false),
    ("token", &["hash"], true),
    ("venture", &["portfolio_id", "created_at", "id"], false),
    ("venture", &["portfolio_id", "name", "id"], false),
    ("venture", &["portfolio_id", "status"], false),
    ("stage_run", &["venture_id", "stage", "attempt"], true),
    ("stage_run", &["portfolio_id", "started_at", "id"], false),
    ("attestation", &["stage_run_id", "target"], false),
    ("evidence", &["attestation_id"], false),
    ("evidence", &["stage_run_id"], false),
    ("gate_run", &["stage_run_id", "gate", "requested_at"], false),
    ("gate_run", &["venture_id", "requested_at", "id"], false),
    ("gate_run", &["portfolio_id", "requested_at", "id"], false),
    ("history", &["portfolio_id", "at", "id"], false),
    ("audit", &["portfolio_id", "at"], false),
    ("idempotency", &["at"], false),
    ("outbox", &["available_at", "id"], false),
    ("inbox", &["at"], false),
    ("dead_letter", &["portfolio_id", "replayed_at", "parked_at"], false),
    ("due", &["sweep", "due_at"], false),
];

/// `(table, column, parent table)`: every parent's key is `id`.
const FOREIGN_KEYS: &[(&str, &str, &str)] = &[
    ("portfolio", "playbook_id", "playbook"),
    ("member", "portfolio_id", "portfolio"),
    ("member", "person_id", "person"),
    ("token", "person_id", "person"),
    ("venture", "portfolio_id", "portfolio"),
    ("stage_run", "portfolio_id", "portfolio"),
    ("stage_run", "playbook_id", "playbook"),
    ("attestation", "stage_run_id", "stage_run"),
    ("evidence", "attestation_id", "attestation"),
    ("file", "portfolio_id", "portfolio"),
    ("gate_run", "stage_run_id", "stage_run"),
    ("gate_run", "venture_id", "venture"),
    ("history", "portfolio_id", "portfolio"),
];
