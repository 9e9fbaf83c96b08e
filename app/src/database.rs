//! The connection to the database, and the whole of the difference between PostgreSQL and SQLite.
//!
//! PostgreSQL is the reference: one pool, READ COMMITTED, roots locked `FOR UPDATE`. SQLite gets one
//! writing connection, whose transactions start `IMMEDIATE`, beside a pool of reading ones.

pub(crate) mod search;

use std::time::{Duration, Instant};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqlxError, Statement,
    TransactionOptions, TransactionTrait,
    sea_query::{Expr, ExprTrait, Func, Query},
    sqlx::{
        Sqlite, SqliteConnection,
        pool::PoolOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `postgres://…` or `sqlite://…`.
    pub url: String,
    /// The most connections a process holds, 2 to 500.
    pub max_connections: u32,
    /// How long a request waits for a connection before the database counts as away.
    pub acquire_timeout: Duration,
    /// How long one statement may run before the database ends it. On SQLite it holds for statements that
    /// read outside a transaction; those that write are few and short.
    pub statement_timeout: Duration,
}

impl Settings {
    /// The defaults for `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 20,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

/// Pools to one database.
#[derive(Clone, Debug)]
pub struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Database {
    /// Opens the pools; fails when the database does not answer.
    pub async fn connect(settings: &Settings) -> Result<Self, DbErr> {
        if settings.url.starts_with("sqlite:") {
            let write = sea_orm::Database::connect(sqlite(settings, 1, false)).await?;
            let read = sea_orm::Database::connect(sqlite(settings, settings.max_connections, true)).await?;
            return Ok(Self { write, read });
        }
        let pool = sea_orm::Database::connect(postgres(settings)).await?;
        Ok(Self { read: pool.clone(), write: pool })
    }

    /// For reading outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single writing statements.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Starts a writing transaction.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        self.write.begin_with_options(options).await
    }

    /// Which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.write.ping().await
    }

    /// Closes the pools once their statements have ended.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.read.clone().close().await?;
        self.write.clone().close().await
    }
}

/// The clause by which several workers claim rows without waiting for each other. SQLite has one
/// writer at a time and needs none.
pub(crate) fn skip_locked(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" }
}

/// Whether a column that holds a JSON list of texts holds one of these.
pub(crate) fn holds_one_of(
    backend: DbBackend,
    column: (&'static str, &'static str),
    texts: impl IntoIterator<Item = impl Into<sea_orm::Value>>,
) -> Expr {
    let items = if backend == DbBackend::Postgres { "jsonb_array_elements_text" } else { "json_each" };
    let found = Query::select()
        .expr(Expr::val(1))
        .from_function(Func::cust(items).arg(Expr::col(column)), "item")
        .and_where(Expr::col(("item", "value")).is_in(texts.into_iter().map(Into::into)))
        .take();
    Expr::exists(found)
}

/// A statement whose placeholders are written `$1`, `$2` … for both databases.
pub(crate) fn statement<I: IntoIterator<Item = sea_orm::Value>>(
    backend: DbBackend,
    sql: impl Into<String>,
    values: I,
) -> Statement {
    Statement::from_sql_and_values(backend, sql.into(), values)
}

fn common(settings: &Settings) -> ConnectOptions {
    let mut options = ConnectOptions::new(settings.url.clone());
    options.sqlx_logging(false).acquire_timeout(settings.acquire_timeout);
    options
}

fn postgres(settings: &Settings) -> ConnectOptions {
    let mut options = common(settings);
    options
        .max_connections(settings.max_connections)
        .min_connections(1)
        .statement_timeout(settings.statement_timeout)
        // A connection just used is alive; one that rested is asked first.
        .test_before_acquire_if_idle_for(Duration::from_secs(1));
    options
}

fn sqlite(settings: &Settings, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = common(settings);
    options.max_connections(connections).min_connections(1).test_before_acquire(false);
    if read_only {
        let timeout = settings.statement_timeout;
        options.map_sqlx_sqlite_pool_opts(move |pool| interrupted_after(pool, timeout));
    } else {
        options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    }
    options.map_sqlx_sqlite_opts(move |o| {
        o.create_if_missing(!read_only)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on disk before it is answered, power cut or not.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .statement_cache_capacity(300)
    });
    options
}

/// SQLite has no timeout for statements: one runs to its end though nobody waits for it any more, and keeps
/// its connection. So a connection taken for a statement looks at the time every so many steps.
fn interrupted_after(pool: PoolOptions<Sqlite>, timeout: Duration) -> PoolOptions<Sqlite> {
    // A new connection is taken as it is, without the second of these.
    pool.after_connect(move |connection, _| Box::pin(interrupt_after(connection, timeout))).before_acquire(
        move |connection, _| {
            Box::pin(async move {
                interrupt_after(connection, timeout).await?;
                Ok(true)
            })
        },
    )
}

async fn interrupt_after(connection: &mut SqliteConnection, timeout: Duration) -> Result<(), SqlxError> {
    /// Steps of SQLite's machine between two looks at the time: about a millisecond.
    const STEPS: i32 = 100_000;
    let taken = Instant::now();
    connection.lock_handle().await?.set_progress_handler(STEPS, move || taken.elapsed() < timeout);
    Ok(())
}
