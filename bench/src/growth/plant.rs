//! Many ventures in one portfolio, quickly: the rows of one venture that the system itself made, multiplied in SQL.
//!
//! THE ONE PLACE TO CHANGE WITH THE SCHEMA is [`COPIED`]: a table whose rows belong to a venture, and that one of the
//! questions reads, has its line there. Columns that are not named are copied as they are, whatever they are.

use anyhow::{Context, ensure};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::deployment::open;

/// Ventures that have [`RARE_WORD`], and ventures of [`RARE_CATEGORY`], however many there are in all.
const RARE: u32 = 20;
/// In every description.
pub(super) const COMMON_WORD: &str = "venture";
/// In [`RARE`] descriptions.
pub(super) const RARE_WORD: &str = "tidewater";
/// Of a fifth of the ventures.
pub(super) const COMMON_CATEGORY: &str = "energy";
/// Of [`RARE`] ventures.
pub(super) const RARE_CATEGORY: &str = "tidal";

/// A table with rows that belong to the venture that is multiplied.
struct Copied {
    table: &'static str,
    /// The column by which they belong to it.
    owner: &'static str,
    /// Columns with ids that each copy has of its own: the row's own, and those of other copied rows.
    ids: &'static [&'static str],
    /// Columns with values that each copy has of its own: SQL over the row `t` and the copy's number `n`.
    values: &'static [(&'static str, &'static str)],
}

/// In this order, so that what is referred to comes first.
const COPIED: &[Copied] = &[
    Copied {
        table: "venture",
        owner: "id",
        ids: &["id", "stage_run_id"],
        values: &[
            ("name", "'Measured ' || n"),
            ("description", DESCRIPTION),
            ("category", CATEGORY),
            ("created_at", "t.created_at + n * interval '1 second'"),
            ("updated_at", "t.created_at + n * interval '1 second'"),
        ],
    },
    Copied {
        table: "stage_run",
        owner: "venture_id",
        ids: &["id", "venture_id"],
        values: &[
            ("started_at", "t.started_at + n * interval '1 second'"),
            ("due_at", "t.due_at + n * interval '1 second'"),
        ],
    },
    Copied {
        table: "waiting",
        owner: "venture_id",
        ids: &["id", "venture_id", "thing_id"],
        values: &[("due_at", "t.due_at + n * interval '1 second'")],
    },
];

/// How many there are at each stage is kept, so it is planted too.
const COUNTED: &str = "INSERT INTO stage_count (id, portfolio_id, stage, status, ventures) \
                       SELECT gen_random_uuid(), portfolio_id, stage, status, count(*) FROM venture \
                       WHERE name LIKE 'Measured %' GROUP BY portfolio_id, stage, status";

const DESCRIPTION: &str = "'One venture of many, number ' || n || CASE WHEN n % :rare = 0 THEN ', by the tidewater' \
                           ELSE ', on dry land' END";
const CATEGORY: &str = "CASE WHEN n % :rare = 1 THEN 'tidal' \
                        ELSE (ARRAY['energy', 'mobility', 'health', 'finance', 'food'])[n % 5 + 1] END";

/// Puts `count` ventures beside the demo's, and tells the planner of them.
pub(super) async fn ventures(database_url: &str, count: u32) -> anyhow::Result<()> {
    let db = open(database_url).await?;
    let template = texts(&db, "SELECT id::text AS text FROM venture ORDER BY created_at, id LIMIT 1").await?;
    let template = template.first().context("the demo's venture")?;
    for copied in COPIED {
        let table = copied.table;
        let columns = texts(&db, &columns_of(table)).await?;
        if columns.is_empty() {
            continue; // The schema is one from before there was this table.
        }
        let made = db.execute_unprepared(&copied.multiply(&columns, template, count)).await?.rows_affected();
        ensure!(made >= u64::from(count), "{made} rows of {table} for {count} ventures");
    }
    if !texts(&db, &columns_of("stage_count")).await?.is_empty() {
        db.execute_unprepared(COUNTED).await?;
    }
    db.execute_unprepared("VACUUM ANALYZE").await?;
    db.close().await?;
    Ok(())
}

impl Copied {
    fn multiply(&self, columns: &[String], template: &str, count: u32) -> String {
        let quoted: Vec<_> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let values: Vec<_> = columns.iter().map(|column| self.value(column)).collect();
        let (table, owner, columns) = (self.table, self.owner, quoted.join(", "));
        format!(
            "INSERT INTO {table} ({columns}) SELECT {} FROM {table} AS t, generate_series(1, {count}) AS n \
             WHERE t.{owner} = '{template}' ORDER BY n",
            values.join(", ").replace(":rare", &(count / RARE).max(2).to_string()),
        )
    }

    fn value(&self, column: &str) -> String {
        let own = self.values.iter().find(|(name, _)| *name == column);
        match own {
            Some((_, sql)) => (*sql).to_owned(),
            None if self.ids.contains(&column) => of_copy(column),
            None => format!("t.\"{column}\""),
        }
    }
}

/// The id that stands in the copy of number `n` for the id in this column. UUIDs of version 7 begin with a time of 12
/// hexadecimal digits: the number takes its place, so that ids ascend and the same id becomes the same everywhere.
fn of_copy(column: &str) -> String {
    format!("(lpad(to_hex(n), 12, '0') || substr(replace(t.\"{column}\"::text, '-', ''), 13))::uuid")
}

/// The columns that can be written.
fn columns_of(table: &str) -> String {
    format!(
        "SELECT column_name::text AS text FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER' \
         ORDER BY ordinal_position"
    )
}

/// The column `text` of all rows.
async fn texts(db: &DatabaseConnection, sql: &str) -> anyhow::Result<Vec<String>> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "text")).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use testing::servers::{Durability, PrivatePostgres};

    use super::*;
    use crate::{deployment::count, frozen};

    #[tokio::test]
    async fn ventures_are_multiplied_with_what_belongs_to_them() {
        let postgres = PrivatePostgres::start(Durability::Fast).await.unwrap();
        frozen::fill(&postgres.url()).await.unwrap();
        ventures(&postgres.url(), 200).await.unwrap();
        let db = open(&postgres.url()).await.unwrap();
        let found = async |condition: &str| {
            let planted = "SELECT count(*) AS count FROM venture AS v JOIN stage_run AS r \
                           ON r.id = v.stage_run_id AND r.venture_id = v.id WHERE v.name LIKE 'Measured %'";
            count(&db, &format!("{planted} AND {condition}")).await.unwrap()
        };
        let rare = i64::from(RARE);
        assert_eq!(found("v.status = 'ACTIVE'").await, 200);
        assert_eq!(found(&format!("v.search @@ to_tsquery('simple', '{COMMON_WORD}')")).await, 200);
        assert_eq!(found(&format!("v.search @@ to_tsquery('simple', '{RARE_WORD}')")).await, rare);
        assert_eq!(found(&format!("v.category = '{RARE_CATEGORY}'")).await, rare);
        assert_eq!(found(&format!("v.category = '{COMMON_CATEGORY}'")).await, 40);
        db.close().await.unwrap();
    }
}
