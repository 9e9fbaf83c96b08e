//! The limit: the same answers by hand. One statement here for each that the system sends, over as many
//! connections; no schema, no resolvers, no loaders.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, FromRow, PgPool, Row, postgres::PgRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bare::{self, failed};

const HOLDER: &str = "SELECT p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles, t.id AS token_id, \
                      t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, t.last_used_at \
                      FROM token AS t JOIN person AS p ON p.id = t.person_id LEFT JOIN member AS m \
                      ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id) \
                      WHERE t.hash = $1 AND t.revoked_at IS NULL";
const VENTURE: &str = "SELECT id, portfolio_id, name, description, category, zone, currency, status, status_reason, \
                       status_since, stage_run_id, stage, version, sequence, created_at, updated_at FROM venture \
                       WHERE id = ANY($1) AND portfolio_id = ANY($2)";
const VENTURES: &str = "SELECT id, portfolio_id, name, description, category, zone, currency, status, status_reason, \
                       status_since, stage_run_id, stage, version, sequence, created_at, updated_at FROM venture \
                        WHERE portfolio_id = ANY($1) ORDER BY created_at, id LIMIT 21";
const EVIDENCE: &str = "SELECT id, stage_run_id, attestation_id, kind, title, link, body, file_id, by_person_id, at, \
                        withdrawn_at FROM evidence WHERE stage_run_id = ANY($1) AND portfolio_id = ANY($2) ORDER BY at, id";

/// What is the same for all ventures of a stage, as the system keeps it in memory too.
struct Bare {
    pool: PgPool,
    stage: Value,
    gates: Vec<String>,
    labels: Vec<(String, String)>,
}

type Answer = Result<Json<Value>, StatusCode>;

/// Starts it in this process; `sample` is a venture of the page as the system shows it.
pub(super) async fn serve(database_url: &str, sample: &Value) -> anyhow::Result<SocketAddr> {
    let pool = bare::connect(database_url).await?;
    let list = |name: &str| sample["stageRun"][name].as_array().cloned().context("a list");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let bare = Bare {
        pool,
        stage: sample["stage"].clone(),
        gates: list("gates")?.iter().map(|gate| word(&gate["key"])).collect(),
        labels: list("doneWhen")?.iter().map(|label| (word(&label["key"]), word(&label["label"]))).collect(),
    };
    let router = Router::new()
        .route("/nothing", get(nothing))
        .route("/nothing/signed", get(nothing_signed))
        .route("/venture/{id}", get(venture))
        .route("/ventures", get(ventures))
        .with_state(Arc::new(bare));
    bare::serve(router).await
}

async fn nothing() -> Json<Value> {
    Json(json!({ "data": { "__typename": "Query" } }))
}

async fn nothing_signed(State(bare): State<Arc<Bare>>, headers: HeaderMap) -> Answer {
    bare.authenticate(&headers).await?;
    Ok(nothing().await)
}

async fn venture(State(bare): State<Arc<Bare>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let portfolios = bare.authenticate(&headers).await?;
    let id = local_id(&id).ok_or(StatusCode::NOT_FOUND)?;
    let rows = sqlx::query_as::<_, Venture>(VENTURE).bind(vec![id]).bind(portfolios);
    let row = rows.fetch_one(&bare.pool).await.map_err(failed)?;
    Ok(Json(json!({ "data": { "venture": {
        "id": global_id("Venture", row.id), "name": row.name, "description": row.description,
        "category": row.category, "timeZone": row.zone, "currency": row.currency, "status": row.status,
        "version": row.version, "sequence": row.sequence,
        "createdAt": row.created_at.to_rfc3339(), "updatedAt": row.updated_at.to_rfc3339(),
    } } })))
}

async fn ventures(State(bare): State<Arc<Bare>>, headers: HeaderMap) -> Answer {
    let portfolios = bare.authenticate(&headers).await?;
    let page = bare.page(portfolios).await.map_err(failed)?;
    let nodes: Vec<_> = page.ventures.iter().take(20).map(|venture| page.show(&bare, venture)).collect();
    Ok(Json(json!({ "data": { "ventures": { "nodes": nodes } } })))
}

struct Venture {
    id: Uuid,
    name: String,
    description: String,
    category: Option<String>,
    zone: String,
    currency: String,
    status: String,
    stage_run_id: Uuid,
    version: i64,
    sequence: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl FromRow<'_, PgRow> for Venture {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            category: row.try_get("category")?,
            zone: row.try_get("zone")?,
            currency: row.try_get("currency")?,
            status: row.try_get("status")?,
            stage_run_id: row.try_get("stage_run_id")?,
            version: row.try_get("version")?,
            sequence: row.try_get("sequence")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

struct Evidence {
    id: Uuid,
    stage_run_id: Uuid,
    attestation_id: Uuid,
    kind: String,
    title: String,
    withdrawn_at: Option<DateTime<Utc>>,
}

impl FromRow<'_, PgRow> for Evidence {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            stage_run_id: row.try_get("stage_run_id")?,
            attestation_id: row.try_get("attestation_id")?,
            kind: row.try_get("kind")?,
            title: row.try_get("title")?,
            withdrawn_at: row.try_get("withdrawn_at")?,
        })
    }
}

/// The rows of a page, by what they hang on.
struct Page {
    ventures: Vec<Venture>,
    statuses: HashMap<Uuid, String>,
    evidence: HashMap<Uuid, Vec<Evidence>>,
    attestations: HashMap<(Uuid, String), Uuid>,
    supported: HashMap<Uuid, bool>,
    runs: HashMap<(Uuid, String), Value>,
}

impl Bare {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Vec<Uuid>, StatusCode> {
        bare::authenticate(&self.pool, HOLDER, headers).await
    }

    /// Six statements, as in the system: the last five side by side.
    async fn page(&self, portfolios: Vec<Uuid>) -> Result<Page, sqlx::Error> {
        let ventures = sqlx::query_as::<_, Venture>(VENTURES).bind(&portfolios);
        let ventures = ventures.fetch_all(&self.pool).await?;
        let runs: Vec<Uuid> = ventures.iter().take(20).map(|venture| venture.stage_run_id).collect();
        let stage_runs = sqlx::query(
            "SELECT id, portfolio_id, venture_id, playbook_id, stage, attempt, status, started_at, entered_at, \
             due_at, late_at, ended_at FROM stage_run WHERE id = ANY($1) AND portfolio_id = ANY($2)",
        );
        let attestations = sqlx::query(
            "SELECT id, portfolio_id, stage_run_id, target, value, by_role, by_person_id, note, at, superseded_at \
             FROM attestation WHERE stage_run_id = ANY($1) AND superseded_at IS NULL AND portfolio_id = ANY($2) \
             ORDER BY at",
        );
        let gate_runs = sqlx::query(
            "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY stage_run_id, gate \
             ORDER BY requested_at DESC, id DESC) AS place FROM gate_run WHERE stage_run_id = ANY($1)) AS latest \
             WHERE place <= 1 ORDER BY requested_at DESC, id DESC",
        );
        let evidence =
            || sqlx::query_as::<_, Evidence>(EVIDENCE).bind(&runs).bind(&portfolios).fetch_all(&self.pool);
        let (stage_runs, attestations, gate_runs, evidence, support) = tokio::try_join!(
            stage_runs.bind(&runs).bind(&portfolios).fetch_all(&self.pool),
            attestations.bind(&runs).bind(&portfolios).fetch_all(&self.pool),
            gate_runs.bind(&runs).fetch_all(&self.pool),
            evidence(),
            evidence(),
        )?;
        let mut by_run: HashMap<Uuid, Vec<Evidence>> = HashMap::new();
        for piece in evidence {
            by_run.entry(piece.stage_run_id).or_default().push(piece);
        }
        Ok(Page {
            statuses: stage_runs.iter().map(|row| (row.get("id"), row.get("status"))).collect(),
            attestations: attestations
                .iter()
                .map(|row| ((row.get("stage_run_id"), row.get("target")), row.get("id")))
                .collect(),
            runs: gate_runs
                .iter()
                .map(|row| ((row.get("stage_run_id"), row.get("gate")), show_gate_run(row)))
                .collect(),
            supported: support.iter().map(|e| (e.attestation_id, e.withdrawn_at.is_none())).collect(),
            evidence: by_run,
            ventures,
        })
    }
}

impl Page {
    fn show(&self, bare: &Bare, venture: &Venture) -> Value {
        let run = venture.stage_run_id;
        let gates = bare
            .gates
            .iter()
            .map(|key| json!({ "key": key, "latestRun": self.runs.get(&(run, key.clone())) }));
        let labels = bare.labels.iter().map(|(key, label)| {
            let attestation = self.attestations.get(&(run, format!("done_when:{key}")));
            let done = attestation.is_some_and(|id| self.supported.get(id).copied().unwrap_or(false));
            json!({ "key": key, "label": label, "done": done })
        });
        let evidence = self.evidence.get(&run).map(Vec::as_slice).unwrap_or_default().iter().map(|piece| {
            json!({ "id": global_id("Evidence", piece.id), "title": piece.title, "kind": piece.kind })
        });
        json!({
            "id": global_id("Venture", venture.id), "name": venture.name, "status": venture.status,
            "version": venture.version, "stage": bare.stage,
            "stageRun": {
                "status": self.statuses.get(&run),
                "gates": gates.collect::<Vec<_>>(),
                "doneWhen": labels.collect::<Vec<_>>(),
                "evidence": evidence.collect::<Vec<_>>(),
            },
        })
    }
}

/// None of the page's criteria rests on evidence, so their lists are empty in the system's answer too.
fn show_gate_run(row: &PgRow) -> Value {
    let decision: Value = row.get("decision");
    let criteria = decision["criteria"].as_array().cloned().unwrap_or_default();
    let criteria: Vec<_> = criteria
        .iter()
        .map(|c| json!({ "key": c["key"], "verdict": c["verdict"], "evidence": c["evidence"] }))
        .collect();
    json!({
        "status": row.get::<String, _>("status"),
        "verdict": row.get::<Option<String>, _>("verdict"),
        "criteria": criteria,
    })
}

fn global_id(kind: &str, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{}", id.simple()))
}

fn local_id(global: &str) -> Option<Uuid> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(global).ok()?).ok()?;
    text.split_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_from_their_global_form() {
        let id = Uuid::from_u128(7);
        assert_eq!(local_id(&global_id("Venture", id)), Some(id));
        assert_eq!(local_id("no id"), None);
    }
}
