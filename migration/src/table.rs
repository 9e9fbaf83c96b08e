//! Tables as lists of columns, made for the database at hand.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, sea_query::ColumnDef},
};

/// A column's type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Uuid,
    Text,
    /// A text that is looked up or ordered by: compared by bytes, the same on every machine.
    Key,
    Small,
    Integer,
    Big,
    Double,
    Bool,
    Time,
    Json,
    Bytes,
}

/// `(name, type, nullable, part of the primary key)`.
pub(crate) type Row = (&'static str, Column, bool, bool);

/// `CREATE TABLE` with its primary and foreign keys.
pub(crate) fn create(
    name: &'static str,
    rows: &[Row],
    foreign_keys: &[(&'static str, &'static str, &'static str)],
    backend: DbBackend,
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    let mut key = Index::create();
    key.primary();
    for (column, kind, nullable, primary) in rows {
        table.col(definition(column, *kind, *nullable, backend));
        if *primary {
            key.col(*column);
        }
    }
    table.primary_key(&mut key);
    for (_, column, parent) in foreign_keys.iter().filter(|(child, ..)| *child == name) {
        table.foreign_key(
            ForeignKey::create()
                .name(format!("foreign_{name}_{column}"))
                .from(name, *column)
                .to(*parent, "id"),
        );
    }
    table
}

fn definition(name: &'static str, kind: Column, nullable: bool, backend: DbBackend) -> ColumnDef {
    let mut column = typed(name, kind);
    column.extra(collation(kind, backend));
    if nullable {
        column.null()
    } else {
        column.not_null()
    };
    column
}

fn typed(name: &'static str, kind: Column) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match kind {
        Column::Uuid => column.uuid(),
        Column::Text | Column::Key => column.text(),
        Column::Small => column.small_integer(),
        Column::Integer => column.integer(),
        Column::Big => column.big_integer(),
        Column::Double => column.double(),
        Column::Bool => column.boolean(),
        Column::Time => column.timestamp_with_time_zone(),
        Column::Json => column.json_binary(),
        Column::Bytes => column.blob(),
    };
    column
}

/// How a column's texts are compared, where the database does not compare bytes by itself.
fn collation(kind: Column, backend: DbBackend) -> &'static str {
    if matches!(kind, Column::Key) && backend == DbBackend::Postgres { "COLLATE \"C\"" } else { "" }
}
