//! A database for each test: a clone of a migrated template on PostgreSQL, or a file of SQLite.

use std::sync::atomic::{AtomicU32, Ordering};

use app::{Database, database::Settings};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use url::Url;

use crate::servers::DATABASE_URL;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The reference.
    Postgres,
    /// The embedded one.
    Sqlite,
}

/// One test's database. It is removed with this value.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    owner: Owner,
}

#[derive(Debug)]
enum Owner {
    Folder(#[expect(dead_code, reason = "removed when dropped")] TempDir),
    Server { server: String, name: String },
}

/// Tells apart databases made by one process.
static NEXT: AtomicU32 = AtomicU32::new(0);

impl TestDatabase {
    /// A fresh, migrated database.
    pub async fn create(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}?mode=rwc", folder.path().join("venturi.sqlite").display());
                let database = Database::connect(&Settings::new(&url)).await.expect("SQLite");
                migration::migrate(database.write()).await.expect("migrations");
                database.close().await.expect("closed");
                Self { url, owner: Owner::Folder(folder) }
            }
            Kind::Postgres => Self::cloned(&server_url()).await,
        }
    }

    /// A fresh, migrated database on the given PostgreSQL server.
    pub async fn cloned(server: &str) -> Self {
        let admin = sea_orm::Database::connect(server).await.expect("PostgreSQL");
        let template = template(&admin, server).await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("venturi_test_{}_{number}", std::process::id());
        execute(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        admin.close().await.expect("closed");
        Self { url: within(server, &name), owner: Owner::Server { server: server.to_owned(), name } }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it.
    pub async fn open(&self) -> Database {
        Database::connect(&Settings::new(&self.url)).await.expect("the test's database")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Owner::Server { server, name } = &self.owner else { return };
        let (server, name) = (server.clone(), name.clone());
        // Not on the test's runtime, which may be at its end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                // A server that is gone took the database with it.
                if let Ok(admin) = sea_orm::Database::connect(server).await {
                    drop(
                        admin
                            .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                            .await,
                    );
                }
            });
        });
        drop(dropping.join());
    }
}

/// Where PostgreSQL is.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where the servers are")]
fn server_url() -> String {
    std::env::var(DATABASE_URL).unwrap_or_else(|_| {
        panic!("{DATABASE_URL} is not set: run `cargo verify`, which brings its own servers")
    })
}

/// The migrated template, made by whichever test comes first; the others wait.
async fn template(admin: &DatabaseConnection, server: &str) -> String {
    use sea_orm::TransactionTrait;
    let name = format!("venturi_template_{}", migration::fingerprint());
    let turn = admin.begin().await.expect("a transaction");
    turn.execute_unprepared("SELECT pg_advisory_xact_lock(5124)").await.expect("the lock");
    let made = turn
        .query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate"),
        ))
        .await
        .expect("a query");
    if made.is_none() {
        execute(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(admin, &format!("CREATE DATABASE {name}")).await;
        let inside = sea_orm::Database::connect(within(server, &name)).await.expect("the template");
        migration::migrate(&inside).await.expect("migrations");
        inside.close().await.expect("closed");
        execute(admin, &format!("ALTER DATABASE {name} WITH is_template TRUE")).await;
    }
    turn.commit().await.expect("the lock's end");
    name
}

async fn execute(admin: &DatabaseConnection, sql: &str) {
    admin.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn within(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).expect("a URL");
    url.set_path(&format!("/{name}"));
    url.to_string()
}
