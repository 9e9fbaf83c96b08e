//! Reads by many keys at once: one statement however many rows a query shows.

use std::collections::HashMap;

use domain::venture::Venture;
use entity::{attestation, citation, evidence, file, gate_run, person, playbook, venture};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};
use uuid::Uuid;

use crate::{App, Error, Scope, database::statement, record::Record, store};

/// Rows by id, within scope.
pub async fn by_ids<M: Record>(app: &App, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, M>, Error> {
    Ok(store::keyed(store::by_ids::<M>(scope, ids).all(app.database().read()).await?))
}

/// Ventures by id, within scope.
pub async fn ventures(app: &App, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, Venture>, Error> {
    let rows = store::by_ids::<venture::Model>(scope, ids).all(app.database().read()).await?;
    rows.into_iter().map(|row| Ok((row.id, crate::venture::store::from_row(row)?))).collect()
}

/// What is attested now in each stage run, within scope.
pub async fn attestations_of_runs(
    app: &App,
    scope: &Scope,
    runs: &[Uuid],
) -> Result<HashMap<Uuid, Vec<attestation::Model>>, Error> {
    let rows = attestation::Entity::find()
        .filter(attestation::Column::StageRunId.is_in(runs.iter().copied()))
        .filter(attestation::Column::SupersededAt.is_null())
        .filter(scope.on(attestation::Column::PortfolioId))
        .order_by_asc(attestation::Column::At)
        .all(app.database().read())
        .await?;
    Ok(grouped(rows, |row| row.stage_run_id))
}

/// All evidence of each stage run, withdrawn pieces too, oldest first, within scope.
pub async fn evidence_of_runs(
    app: &App,
    scope: &Scope,
    runs: &[Uuid],
) -> Result<HashMap<Uuid, Vec<evidence::Model>>, Error> {
    let rows = evidence::Entity::find()
        .filter(evidence::Column::StageRunId.is_in(runs.iter().copied()))
        .filter(scope.on(evidence::Column::PortfolioId))
        .order_by_asc(evidence::Column::At)
        .order_by_asc(evidence::Column::Id)
        .all(app.database().read())
        .await?;
    Ok(grouped(rows, |row| row.stage_run_id))
}

/// Which evidence that was submitted by itself the attestations of each stage run cite, within scope.
pub async fn citations_of_runs(
    app: &App,
    scope: &Scope,
    runs: &[Uuid],
) -> Result<HashMap<Uuid, Vec<citation::Model>>, Error> {
    let evidence: RelationDef = citation::Entity::belongs_to(evidence::Entity)
        .from(citation::Column::EvidenceId)
        .to(evidence::Column::Id)
        .into();
    let rows: Vec<(Uuid, Uuid, Uuid)> = citation::Entity::find()
        .select_only()
        .column(evidence::Column::StageRunId)
        .columns([citation::Column::AttestationId, citation::Column::EvidenceId])
        .join(JoinType::InnerJoin, evidence)
        .filter(evidence::Column::StageRunId.is_in(runs.iter().copied()))
        .filter(scope.on(evidence::Column::PortfolioId))
        .into_tuple()
        .all(app.database().read())
        .await?;
    let mut groups: HashMap<Uuid, Vec<citation::Model>> = HashMap::new();
    for (run, attestation_id, evidence_id) in rows {
        groups.entry(run).or_default().push(citation::Model { attestation_id, evidence_id });
    }
    Ok(groups)
}

/// Names, types and sizes of files by id, within scope; the bytes are left where they are.
pub async fn files(app: &App, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, FileInfo>, Error> {
    let rows = store::by_ids::<file::Model>(scope, ids)
        .into_partial_model::<FileInfo>()
        .all(app.database().read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// A file without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::DerivePartialModel)]
#[sea_orm(entity = "file::Entity")]
pub struct FileInfo {
    /// Its id.
    pub id: Uuid,
    /// Its name as uploaded.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size_bytes: i64,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
}

/// The latest runs of every gate of each stage run, at most `each` a gate, newest first, within scope.
pub async fn latest_gate_runs(
    app: &App,
    scope: &Scope,
    runs: &[Uuid],
    each: u32,
) -> Result<HashMap<Uuid, Vec<gate_run::Model>>, Error> {
    let db = app.database().read();
    let marks: Vec<_> = (1..=runs.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY stage_run_id, gate \
         ORDER BY requested_at DESC, id DESC) AS place FROM gate_run WHERE stage_run_id IN ({})) AS latest \
         WHERE place <= {each} ORDER BY requested_at DESC, id DESC",
        marks.join(", ")
    );
    let values = runs.iter().map(|id| (*id).into());
    let rows = db.query_all_raw(statement(db.get_database_backend(), sql, values)).await?;
    let rows = rows.iter().map(|row| gate_run::Model::from_query_result(row, ""));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let within = rows.into_iter().filter(|row| scope.reaches(row.portfolio_id)).collect();
    Ok(grouped(within, |row| row.stage_run_id))
}

/// Names of persons by id. A name is shown wherever the person acted.
pub async fn persons(app: &App, ids: &[Uuid]) -> Result<HashMap<Uuid, person::Model>, Error> {
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(ids.iter().copied()))
        .all(app.database().read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// When each playbook was imported.
pub async fn playbooks(app: &App, ids: &[Uuid]) -> Result<HashMap<Uuid, playbook::Model>, Error> {
    let rows = playbook::Entity::find()
        .filter(playbook::Column::Id.is_in(ids.iter().copied()))
        .all(app.database().read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

pub(crate) fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
