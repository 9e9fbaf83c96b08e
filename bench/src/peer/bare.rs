//! The limit of the page: the Node stack's answer from the Node stack's database, by hand. One statement for each that
//! it sends; no schema, no resolvers, no loaders.

use std::{collections::HashMap, net::SocketAddr};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::get,
};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sqlx::{self, PgPool, Row, postgres::PgRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bare;

const HOLDER: &str = "SELECT p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles, t.id AS token_id, \
                      t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, t.last_used_at \
                      FROM token AS t JOIN person AS p ON p.id = t.person_id LEFT JOIN member AS m \
                      ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id) \
                      WHERE t.hash = $1 AND t.revoked_at IS NULL";
const VENTURES: &str = "SELECT id, portfolio_id, name, description, category, zone, currency, status, status_reason, \
                        status_since, stage_run_id, stage, version, sequence, created_at, updated_at FROM venture \
                        WHERE portfolio_id = ANY($1) ORDER BY created_at, id LIMIT 20";
const STAGE_RUNS: &str = "SELECT * FROM stage_run WHERE id = ANY($1)";
const ATTESTATIONS: &str =
    "SELECT * FROM attestation WHERE stage_run_id = ANY($1) AND superseded_at IS NULL ORDER BY at";
const GATE_RUNS: &str = "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY venture_id \
                         ORDER BY requested_at DESC, id DESC) AS place FROM gate_run WHERE venture_id = ANY($1)) \
                         AS latest WHERE place <= 5 ORDER BY requested_at DESC, id DESC";

/// Starts it in this process, on a frozen database.
pub(super) async fn serve(database_url: &str) -> anyhow::Result<SocketAddr> {
    let pool = bare::connect(database_url).await?;
    bare::serve(Router::new().route("/ventures", get(ventures)).with_state(pool)).await
}

async fn ventures(State(pool): State<PgPool>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let portfolios = bare::authenticate(&pool, HOLDER, &headers).await?;
    let nodes = page(&pool, portfolios).await.map_err(bare::failed)?;
    Ok(Json(json!({ "data": { "ventures": { "nodes": nodes } } })))
}

async fn page(pool: &PgPool, portfolios: Vec<Uuid>) -> Result<Vec<Value>, sqlx::Error> {
    let ventures = sqlx::query(VENTURES).bind(portfolios).fetch_all(pool).await?;
    let ids = |column: &str| ventures.iter().map(|row| row.get::<Uuid, _>(column)).collect::<Vec<_>>();
    let (stage_runs, attestations, gate_runs) = tokio::try_join!(
        sqlx::query(STAGE_RUNS).bind(ids("stage_run_id")).fetch_all(pool),
        sqlx::query(ATTESTATIONS).bind(ids("stage_run_id")).fetch_all(pool),
        sqlx::query(GATE_RUNS).bind(ids("id")).fetch_all(pool),
    )?;
    let stage_runs = by("id", &stage_runs);
    let (attestations, gate_runs) = (by("stage_run_id", &attestations), by("venture_id", &gate_runs));
    Ok(ventures.iter().map(|row| show_venture(row, &stage_runs, &attestations, &gate_runs)).collect())
}

type Rows<'a> = HashMap<Uuid, Vec<&'a PgRow>>;

fn by<'a>(column: &str, rows: &'a [PgRow]) -> Rows<'a> {
    let mut sorted = Rows::new();
    for row in rows {
        sorted.entry(row.get(column)).or_default().push(row);
    }
    sorted
}

fn show_venture(row: &PgRow, stage_runs: &Rows, attestations: &Rows, gate_runs: &Rows) -> Value {
    let (id, run): (Uuid, Uuid) = (row.get("id"), row.get("stage_run_id"));
    let of = |rows: &Rows, id: Uuid, show: fn(&PgRow) -> Value| -> Vec<Value> {
        rows.get(&id).map(Vec::as_slice).unwrap_or_default().iter().map(|row| show(row)).collect()
    };
    let stage_run = stage_runs.get(&run).and_then(|rows| rows.first()).map(|stage_run| {
        let due_at: DateTime<Utc> = stage_run.get("due_at");
        json!({
            "id": run, "status": stage_run.get::<&str, _>("status"),
            "dueAt": due_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "attestations": of(attestations, run, show_attestation),
        })
    });
    json!({
        "id": id, "name": row.get::<&str, _>("name"), "status": row.get::<&str, _>("status"),
        "category": row.get::<Option<&str>, _>("category"), "stageRun": stage_run,
        "gateRuns": { "nodes": of(gate_runs, id, show_gate_run) },
    })
}

fn show_attestation(row: &PgRow) -> Value {
    json!({ "id": row.get::<Uuid, _>("id"), "note": row.get::<Option<&str>, _>("note") })
}

fn show_gate_run(row: &PgRow) -> Value {
    json!({
        "id": row.get::<Uuid, _>("id"), "status": row.get::<&str, _>("status"),
        "verdict": row.get::<Option<&str>, _>("verdict"),
    })
}
