//! What takes too long is given up by the database as well, not by its caller alone.

use std::time::Duration;

use app::{Database, database::Settings};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement, TransactionTrait};
use serde_json::json;
use testing::{
    client::Client,
    database::{Kind, TestDatabase},
    program::{self, Environment, Program},
    servers::free_port,
    world::{PATIENCE, until},
};

/// Counts for ever, as far as SQLite is concerned.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

async fn query(db: &DatabaseConnection, backend: DbBackend, sql: &str) -> Option<QueryResult> {
    let asked = db.query_one_raw(Statement::from_string(backend, sql));
    tokio::time::timeout(PATIENCE, asked).await.expect("an end in time").ok().flatten()
}

async fn statements_end(kind: Kind, endless: &str) {
    let database = TestDatabase::create(kind).await;
    let settings = Settings {
        statement_timeout: Duration::from_millis(200),
        max_connections: 2,
        ..Settings::new(database.url())
    };
    let database = Database::connect(&settings).await.unwrap();
    let (db, backend) = (database.read(), database.backend());
    // More often than there are connections: none is lost.
    for _ in 0..3 {
        assert!(query(db, backend, endless).await.is_none(), "ended by the database");
    }
    let answer = query(db, backend, "SELECT 7 AS n").await.expect("an answer");
    assert_eq!(answer.try_get::<i32>("", "n").unwrap(), 7);
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_statement_past_its_time_is_ended_on_postgres() {
    statements_end(Kind::Postgres, "SELECT pg_sleep(3600)").await;
}

#[tokio::test]
async fn a_statement_past_its_time_is_ended_on_sqlite() {
    statements_end(Kind::Sqlite, ENDLESS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_past_its_time_is_answered_and_ended_in_the_database() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let environment = Environment::from([
        ("VENTURI_LISTEN".to_owned(), address.clone()),
        ("VENTURI_DATABASE_URL".to_owned(), database.url().to_owned()),
        ("VENTURI_REQUEST_TIMEOUT_S".to_owned(), "1".to_owned()),
        ("VENTURI_LOG".to_owned(), "warn".to_owned()),
    ]);
    let venturi = Program::listening("venturi", &environment).await;
    let arguments = ["token", "create", "--portfolio", "demo", "--role", "VIEWER"];
    let (code, token) = program::run("venturi", &arguments, &environment).await;
    assert_eq!(code, Some(0), "{token}");
    let client = Client::new(&address, &token);
    let list = "{ ventures { nodes { id } } }";

    let own = sea_orm::Database::connect(database.url()).await.unwrap();
    let lock = own.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE venture IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answer = client.send(list, json!({})).await.unwrap();
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "TIMEOUT", "{answer}");
    assert!(answer["data"].is_null() && answer.get("data").is_some(), "executed in part: {answer}");
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()
                   AND state = 'active' AND wait_event_type = 'Lock'";
    let none = || async {
        let row = query(&own, DbBackend::Postgres, waiting).await.expect("a count");
        row.try_get::<i64>("", "n").unwrap() == 0
    };
    assert!(until(none).await, "a statement waits though its request was answered");
    // Ended by its own time, for what it waits for is still not to be had.
    lock.rollback().await.unwrap();
    assert!(client.send(list, json!({})).await.unwrap().get("errors").is_none());
    assert_eq!(venturi.terminate().await, Some(0));
}
