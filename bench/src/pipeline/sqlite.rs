//! The limit on SQLite, which pgbench does not speak: one connection runs the writing statements of one
//! validation after the other, while another one runs the reading ones.

use std::time::{Duration, Instant};

use sea_orm::sqlx::{
    self, ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

use super::RELAY_BATCH;
use crate::{
    deployment::{Known, open, plant_ventures, planted_stage_run, planted_venture},
    validations::VENTURES,
};

const WRITES: &str = include_str!("../../sqlite-writes.sql");
const READS: &str = include_str!("../../sqlite-reads.sql");

/// Validations per second.
pub(super) async fn limit(database_url: &str, time: Duration) -> anyhow::Result<f64> {
    let db = open(database_url).await?;
    let known = plant_ventures(&db, VENTURES).await?;
    db.close().await?;
    let (mut writer, mut reader) = (connect(database_url).await?, connect(database_url).await?);
    let (writes, reads): (Vec<_>, Vec<_>) = (statements(WRITES).collect(), statements(READS).collect());
    let began = Instant::now();
    let mut done = 0;
    while began.elapsed() < time {
        done += 1;
        let ids = Ids::of(done, &known);
        let relay = done.is_multiple_of(RELAY_BATCH);
        let due = writes.iter().filter(|sql| relay || !is_relay(sql));
        tokio::try_join!(run(&mut writer, due, &ids), run(&mut reader, reads.iter(), &ids))?;
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}

/// As the system opens it: a commit is on disk before it is answered.
async fn connect(database_url: &str) -> anyhow::Result<SqliteConnection> {
    let options = database_url
        .parse::<SqliteConnectOptions>()?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(300);
    Ok(options.disable_statement_logging().connect().await?)
}

/// The statements of a script, without its comments.
fn statements(script: &'static str) -> impl Iterator<Item = &'static str> {
    script.split(';').map(without_comments).filter(|sql| !sql.is_empty())
}

fn without_comments(mut sql: &str) -> &str {
    loop {
        sql = sql.trim();
        match sql.strip_prefix("--") {
            Some(comment) => sql = comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => return sql,
        }
    }
}

fn is_relay(sql: &str) -> bool {
    sql.starts_with("UPDATE outbox") || sql.starts_with("DELETE FROM outbox")
}

/// What the scripts' numbered parameters stand for.
struct Ids<'a> {
    /// `?1` to `?9`.
    rows: [Uuid; 9],
    /// `?10`.
    token_hash: &'a str,
}

impl<'a> Ids<'a> {
    fn of(number: u32, known: &'a Known) -> Self {
        let place = number % VENTURES + 1;
        // Ascending within each table, as the system's are.
        let new = |table: u128| Uuid::from_u128((table << 124) | u128::from(number));
        let rows = [
            planted_venture(place),
            planted_stage_run(place),
            known.portfolio,
            new(1),
            new(5),
            new(4),
            new(2),
            new(6),
            known.person,
        ];
        Self { rows, token_hash: &known.token_hash }
    }
}

async fn run(
    connection: &mut SqliteConnection,
    statements: impl Iterator<Item = &&'static str>,
    ids: &Ids<'_>,
) -> anyhow::Result<()> {
    for sql in statements {
        let query = ids.rows.iter().fold(sqlx::query(*sql), |query, id| query.bind(*id));
        query.bind(ids.token_hash).fetch_all(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_split_into_whole_statements() {
        let writes: Vec<_> = statements(WRITES).collect();
        assert_eq!(writes.iter().filter(|sql| **sql == "COMMIT").count(), 2);
        assert_eq!(writes.iter().filter(|sql| is_relay(sql)).count(), 2);
        assert!(statements(READS).all(|sql| sql.starts_with("SELECT")));
        assert_eq!(without_comments("-- a\n-- b\n SELECT 1 \n"), "SELECT 1");
    }
}
