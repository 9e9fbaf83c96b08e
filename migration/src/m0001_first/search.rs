//! Full-text search over ventures: on PostgreSQL a generated `tsvector` with its index, on SQLite an FTS5
//! table that triggers keep. Words are the same on both: punctuation parts them, case is folded, nothing is
//! stemmed and nothing left out.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Adds what searches ventures.
pub(super) async fn add(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let statements: Vec<String> = if manager.get_database_backend() == DbBackend::Postgres {
        postgres().to_vec()
    } else {
        SQLITE.map(str::to_owned).to_vec()
    };
    for statement in &statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Removes what `add` added and no table takes along.
pub(super) async fn remove(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Sqlite {
        manager.get_connection().execute_unprepared("DROP TABLE venture_search").await?;
    }
    Ok(())
}

/// ASCII's punctuation. PostgreSQL's parser would make numbers, hosts, paths and compounds of some of it.
const PUNCTUATION: &str = r##"!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~"##;

fn postgres() -> [String; 2] {
    // A doubled quote stands for one.
    let spaces = " ".repeat(PUNCTUATION.len() - 1);
    let words = |column: &str, weight: &str| {
        // Case is folded by ICU, because the server's own locale may know ASCII alone.
        format!(
            "setweight(to_tsvector('simple', lower(translate({column}, '{PUNCTUATION}', '{spaces}') \
             COLLATE \"und-x-icu\")), '{weight}')"
        )
    };
    let search = [words("name", "A"), words("coalesce(category, '')", "B"), words("description", "C")];
    [
        format!(
            "ALTER TABLE venture ADD COLUMN search tsvector GENERATED ALWAYS AS ({}) STORED",
            search.join(" || ")
        ),
        "CREATE INDEX index_venture_search ON venture USING gin (search)".to_owned(),
    ]
}

/// The table holds the text a second time: were it to name ventures by `rowid`, VACUUM would mix them up.
const SQLITE: [&str; 4] = [
    "CREATE VIRTUAL TABLE venture_search USING fts5(id UNINDEXED, name, category, description, \
     tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE TRIGGER venture_search_insert AFTER INSERT ON venture BEGIN \
     INSERT INTO venture_search (id, name, category, description) \
     VALUES (new.id, new.name, new.category, new.description); END",
    "CREATE TRIGGER venture_search_update AFTER UPDATE ON venture \
     WHEN old.name IS NOT new.name OR old.category IS NOT new.category \
     OR old.description IS NOT new.description BEGIN \
     UPDATE venture_search SET name = new.name, category = new.category, description = new.description \
     WHERE id = new.id; END",
    "CREATE TRIGGER venture_search_delete AFTER DELETE ON venture BEGIN \
     DELETE FROM venture_search WHERE id = old.id; END",
];
