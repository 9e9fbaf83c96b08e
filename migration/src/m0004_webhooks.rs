//! Webhooks out: endpoints, the messages made of events, their deliveries and every attempt at one.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Row, add_column, create};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_webhooks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        // How many enabled endpoints there are, so that a command learns it from the row that it reads anyway.
        let listeners = add_column("portfolio", "listeners", Integer, "NOT NULL DEFAULT 0", backend);
        manager.alter_table(listeners).await?;
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
        manager.alter_table(Table::alter().table("portfolio").drop_column("listeners").take()).await
    }
}

use Column::{Big, Integer, Json, Key, Text, Time, Uuid};

/// `(table, [(column, type, nullable, primary key)])`, parents first.
const TABLES: &[(&str, &[Row])] = &[
    (
        "webhook_endpoint",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("url", Text, false, false),
            ("description", Text, true, false),
            // A list of wire names; null: all.
            ("event_types", Json, true, false),
            // A list of sealed secrets, each with its end.
            ("secrets", Json, false, false),
            // Why and since when; both or neither.
            ("disabled_reason", Text, true, false),
            ("disabled_at", Time, true, false),
            ("failing_since", Time, true, false),
            ("created_by_id", Uuid, false, false),
            ("created_at", Time, false, false),
            ("updated_at", Time, false, false),
            ("deleted_at", Time, true, false),
            ("version", Big, false, false),
        ],
    ),
    (
        "webhook_message",
        &[
            // Of an event: the event's own id.
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("event_id", Uuid, true, false),
            ("kind", Key, false, false),
            ("body", Text, false, false),
            ("created_at", Time, false, false),
        ],
    ),
    (
        "webhook_delivery",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("endpoint_id", Uuid, false, false),
            ("message_id", Uuid, false, false),
            ("kind", Key, false, false),
            ("status", Key, false, false),
            ("attempts", Integer, false, false),
            ("tried", Integer, false, false),
            ("next_attempt_at", Time, true, false),
            ("ended_at", Time, true, false),
            ("created_at", Time, false, false),
        ],
    ),
    (
        "webhook_attempt",
        &[
            ("id", Uuid, false, true),
            ("portfolio_id", Uuid, false, false),
            ("delivery_id", Uuid, false, false),
            ("number", Integer, false, false),
            ("at", Time, false, false),
            ("took_ms", Integer, false, false),
            // The receiver's answer, or why there was none.
            ("status", Integer, true, false),
            ("body", Text, true, false),
            ("error", Text, true, false),
        ],
    ),
];

/// `(table, column, parent)`.
const FOREIGN_KEYS: &[(&str, &str, &str)] = &[
    ("webhook_endpoint", "portfolio_id", "portfolio"),
    ("webhook_endpoint", "created_by_id", "person"),
    ("webhook_message", "portfolio_id", "portfolio"),
    ("webhook_message", "event_id", "history"),
    ("webhook_delivery", "portfolio_id", "portfolio"),
    ("webhook_delivery", "endpoint_id", "webhook_endpoint"),
    ("webhook_delivery", "message_id", "webhook_message"),
    ("webhook_attempt", "portfolio_id", "portfolio"),
    ("webhook_attempt", "delivery_id", "webhook_delivery"),
];

const INDEXES: &[&str] = &[
    "CREATE INDEX index_webhook_endpoint_portfolio_id ON webhook_endpoint (portfolio_id, created_at, id) \
     WHERE deleted_at IS NULL",
    // An event is one message, a message one delivery to an endpoint, and an attempt is recorded once.
    "CREATE UNIQUE INDEX unique_webhook_message_event_id ON webhook_message (event_id) \
     WHERE event_id IS NOT NULL",
    "CREATE UNIQUE INDEX unique_webhook_delivery_message_id_endpoint_id \
     ON webhook_delivery (message_id, endpoint_id)",
    "CREATE UNIQUE INDEX unique_webhook_attempt_delivery_id_number ON webhook_attempt (delivery_id, number)",
    "CREATE INDEX index_webhook_delivery_endpoint_id ON webhook_delivery (endpoint_id, created_at, id)",
    "CREATE INDEX index_webhook_delivery_pending ON webhook_delivery (endpoint_id) WHERE status = 'PENDING'",
    "CREATE INDEX index_webhook_delivery_ended_at ON webhook_delivery (ended_at) WHERE ended_at IS NOT NULL",
];
