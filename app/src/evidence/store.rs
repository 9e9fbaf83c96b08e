//! Attestations and the evidence behind them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    Role,
    evidence::{Attestation, Content, Submission, Target},
    id::{Id, kind},
    stage_run::StageRun,
};
use entity::{attestation, citation, evidence, file};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, RelationDef, Select,
    sea_query::{Expr, InsertStatement},
};
use uuid::Uuid;

use crate::{Error, store::corrupt};

/// What is attested now in each of these stage runs, with the evidence that stands.
pub(crate) async fn current(db: &impl ConnectionTrait, runs: &[Uuid]) -> Result<Vec<Attestation>, Error> {
    let of_runs = attestation::Column::StageRunId.is_in(runs.iter().copied());
    let rows = attestation::Entity::find()
        .filter(of_runs)
        .filter(attestation::Column::SupersededAt.is_null())
        .all(db)
        .await?;
    let mut evidence = standing(db, rows.iter().map(|row| row.id)).await?;
    rows.into_iter()
        .map(|row| {
            let pieces = evidence.remove(&row.id).unwrap_or_default();
            from_row(row, pieces)
        })
        .collect()
}

/// Evidence that was not withdrawn, by attestation: what was submitted with it, then what it cites.
async fn standing(
    db: &impl ConnectionTrait,
    attestations: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, Vec<Id<kind::Evidence>>>, Error> {
    let ids: Vec<Uuid> = attestations.collect();
    let mut by_attestation: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(by_attestation);
    }
    let own: Vec<(Uuid, Uuid)> = evidence::Entity::find()
        .select_only()
        .columns([evidence::Column::AttestationId, evidence::Column::Id])
        .filter(evidence::Column::AttestationId.is_in(ids.iter().copied()))
        .filter(evidence::Column::WithdrawnAt.is_null())
        .into_tuple()
        .all(db)
        .await?;
    let cited: RelationDef = citation::Entity::belongs_to(evidence::Entity)
        .from(citation::Column::EvidenceId)
        .to(evidence::Column::Id)
        .into();
    let cited: Vec<(Uuid, Uuid)> = citation::Entity::find()
        .select_only()
        .columns([citation::Column::AttestationId, citation::Column::EvidenceId])
        .join(JoinType::InnerJoin, cited)
        .filter(citation::Column::AttestationId.is_in(ids))
        .filter(evidence::Column::WithdrawnAt.is_null())
        .into_tuple()
        .all(db)
        .await?;
    for (attestation, piece) in own.into_iter().chain(cited) {
        by_attestation.entry(attestation).or_default().push(Id::new(piece));
    }
    Ok(by_attestation)
}

/// Whether all of it was submitted by itself, in this run, and not withdrawn.
pub(crate) async fn all_citable(
    db: &impl ConnectionTrait,
    run: Id<StageRun>,
    pieces: &BTreeSet<Id<kind::Evidence>>,
) -> Result<bool, Error> {
    if pieces.is_empty() {
        return Ok(true);
    }
    let found = submitted(run)
        .filter(evidence::Column::Id.is_in(pieces.iter().map(|id| id.uuid())))
        .filter(evidence::Column::WithdrawnAt.is_null());
    Ok(found.count(db).await? == pieces.len() as u64)
}

/// How much evidence was submitted by itself in a run.
pub(crate) async fn count_submitted(db: &impl ConnectionTrait, run: Id<StageRun>) -> Result<u64, Error> {
    Ok(submitted(run).count(db).await?)
}

fn submitted(run: Id<StageRun>) -> Select<evidence::Entity> {
    evidence::Entity::find()
        .filter(evidence::Column::StageRunId.eq(run.uuid()))
        .filter(evidence::Column::AttestationId.is_null())
}

/// Writes an attestation with its evidence; an earlier one of the same target is superseded. Of its evidence
/// the first pieces are those submitted with it, and the others cited.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    run: &StageRun,
    attestation: &Attestation,
    submissions: &[Submission],
) -> Result<(), Error> {
    let from = Origin { run, attestation: Some(attestation.id), by: attestation.by, at: attestation.at };
    let run = attestation.stage_run_id.uuid();
    attestation::Entity::update_many()
        .col_expr(attestation::Column::SupersededAt, Expr::value(attestation.at))
        .filter(attestation::Column::StageRunId.eq(run))
        .filter(attestation::Column::Target.eq(attestation.target.key()))
        .filter(attestation::Column::SupersededAt.is_null())
        .exec(db)
        .await?;
    attestation::Entity::insert(to_row(from.run, attestation)?).exec_without_returning(db).await?;
    let pieces = attestation.evidence.iter().zip(submissions);
    let rows: Vec<_> = pieces.map(|(id, piece)| piece_row(&from, *id, piece)).collect();
    if !rows.is_empty() {
        evidence::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    let cited = attestation.evidence.iter().skip(submissions.len());
    let rows: Vec<_> = cited
        .map(|id| citation::ActiveModel {
            attestation_id: Set(attestation.id.uuid()),
            evidence_id: Set(id.uuid()),
        })
        .collect();
    if !rows.is_empty() {
        citation::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Whose evidence it is, and of what.
#[derive(Clone, Debug)]
pub(crate) struct Origin<'a> {
    /// The run it belongs to.
    pub(crate) run: &'a StageRun,
    /// The attestation it is submitted with; none: it is submitted without one.
    pub(crate) attestation: Option<Id<kind::Attestation>>,
    /// Who submits it.
    pub(crate) by: Id<kind::Person>,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

/// Writes a piece of evidence.
pub(crate) fn submit(from: &Origin<'_>, id: Id<kind::Evidence>, piece: &Submission) -> InsertStatement {
    evidence::Entity::insert(piece_row(from, id, piece)).into_query()
}

fn to_row(run: &StageRun, attestation: &Attestation) -> Result<attestation::ActiveModel, Error> {
    Ok(attestation::ActiveModel {
        id: Set(attestation.id.uuid()),
        portfolio_id: Set(run.portfolio_id.uuid()),
        venture_id: Set(run.root.venture().map(Id::uuid)),
        stage_run_id: Set(attestation.stage_run_id.uuid()),
        target: Set(attestation.target.key()),
        value: Set(attestation.value.as_ref().map(serde_json::to_value).transpose()?),
        by_role: Set(attestation.by_role.to_string()),
        by_person_id: Set(attestation.by.uuid()),
        note: Set(attestation.note.clone()),
        at: Set(attestation.at),
        superseded_at: Set(None),
    })
}

fn piece_row(from: &Origin<'_>, id: Id<kind::Evidence>, piece: &Submission) -> evidence::ActiveModel {
    let (link, body, file) = match &piece.content {
        Content::Link(link) => (Some(link.clone()), None, None),
        Content::Text(text) => (None, Some(text.clone()), None),
        Content::File(id) => (None, None, Some(id.uuid())),
    };
    evidence::ActiveModel {
        id: Set(id.uuid()),
        portfolio_id: Set(from.run.portfolio_id.uuid()),
        venture_id: Set(from.run.root.venture().map(Id::uuid)),
        stage_run_id: Set(from.run.id.uuid()),
        attestation_id: Set(from.attestation.map(Id::uuid)),
        kind: Set(piece.content.kind().into()),
        title: Set(piece.title.clone()),
        link: Set(link),
        body: Set(body),
        file_id: Set(file),
        by_person_id: Set(from.by.uuid()),
        at: Set(from.at),
        withdrawn_at: Set(None),
        withdrawn_by_id: Set(None),
        withdrawn_reason: Set(None),
    }
}

/// A row as the domain's attestation.
pub(crate) fn from_row(
    row: attestation::Model,
    evidence: Vec<Id<kind::Evidence>>,
) -> Result<Attestation, Error> {
    Ok(Attestation {
        id: Id::new(row.id),
        stage_run_id: Id::new(row.stage_run_id),
        target: Target::from_key(&row.target).ok_or_else(|| corrupt("an attestation of nothing known"))?,
        value: row.value.map(serde_json::from_value).transpose()?,
        by_role: Role::parse(&row.by_role).map_err(|_| corrupt("a role that is none"))?,
        by: Id::new(row.by_person_id),
        note: row.note,
        at: row.at,
        evidence,
    })
}

/// Whether every file is there, in the portfolio.
pub(crate) async fn files_exist(
    db: &impl ConnectionTrait,
    portfolio: Id<kind::Portfolio>,
    files: &[Id<kind::File>],
) -> Result<bool, Error> {
    if files.is_empty() {
        return Ok(true);
    }
    let found: Vec<Uuid> = file::Entity::find()
        .select_only()
        .column(file::Column::Id)
        .filter(file::Column::Id.is_in(files.iter().map(|id| id.uuid())))
        .filter(file::Column::PortfolioId.eq(portfolio.uuid()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(files.iter().all(|id| found.contains(&id.uuid())))
}
