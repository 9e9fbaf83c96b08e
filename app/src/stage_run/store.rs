//! Rows of stage runs.

use std::collections::{BTreeSet, HashMap};

use domain::{
    RootId,
    id::{Id, kind},
    stage_run::{StageRun, Status, StatusKind},
};
use entity::stage_run::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{InsertStatement, UpdateStatement},
};

use uuid::Uuid;

use crate::{
    Error, Scope,
    root::changes,
    store::{self, corrupt},
};

/// The statuses of a run that has not ended.
const OPEN: [entity::Name<StatusKind>; 2] =
    [entity::Name(StatusKind::Entering), entity::Name(StatusKind::Active)];

/// The run, within scope.
pub async fn find(db: &impl ConnectionTrait, scope: &Scope, id: Id<StageRun>) -> Result<StageRun, Error> {
    from_row(store::find(db, scope, id).await?)
}

/// The portfolio's own run that is open. There is at most one.
pub(crate) async fn open_of_portfolio(
    db: &impl ConnectionTrait,
    portfolio: Id<kind::Portfolio>,
) -> Result<Option<StageRun>, Error> {
    let query = Entity::find().filter(of(portfolio.into())).filter(Column::Status.is_in(OPEN));
    query.one(db).await?.map(from_row).transpose()
}

/// Writes a new run.
pub(crate) fn insert(run: &StageRun) -> InsertStatement {
    Entity::insert(to_row(run)).into_query()
}

/// Writes what changed of a run. The caller holds the lock of its root.
pub(crate) fn update(before: &StageRun, now: &StageRun) -> UpdateStatement {
    let change = changes(&to_row(before), to_row(now));
    Entity::update_many().set(change).filter(Column::Id.eq(now.id.uuid())).into_query()
}

/// How many runs of a stage the root has had.
pub(crate) async fn attempts(db: &impl ConnectionTrait, root: RootId, stage: u32) -> Result<u32, Error> {
    let query = Entity::find().filter(Column::Stage.eq(stage)).filter(of(root));
    Ok(u32::try_from(query.count(db).await?).unwrap_or(u32::MAX))
}

/// Numbers of the stages that the root has completed, each once, ascending.
pub(crate) async fn completed(db: &impl ConnectionTrait, root: RootId) -> Result<Vec<i64>, Error> {
    let stages: Vec<i16> = Entity::find()
        .select_only()
        .column(Column::Stage)
        .distinct()
        .filter(of(root))
        .filter(Column::Status.eq(entity::Name(StatusKind::Completed)))
        .order_by_asc(Column::Stage)
        .into_tuple()
        .all(db)
        .await?;
    Ok(stages.into_iter().map(i64::from).collect())
}

/// The same for the roots of many runs.
pub(crate) async fn completed_of(
    db: &impl ConnectionTrait,
    runs: impl Iterator<Item = &Model>,
) -> Result<HashMap<RootId, Vec<i64>>, Error> {
    let roots: BTreeSet<_> = runs.map(|run| RootId::of(run.portfolio_id, run.venture_id)).collect();
    let mut completed: HashMap<_, Vec<_>> = HashMap::new();
    if roots.is_empty() {
        return Ok(completed);
    }
    let any = roots.into_iter().fold(Condition::any(), |any, root| any.add(of(root)));
    let rows: Vec<(Uuid, Option<Uuid>, i16)> = Entity::find()
        .select_only()
        .columns([Column::PortfolioId, Column::VentureId, Column::Stage])
        .distinct()
        .filter(any)
        .filter(Column::Status.eq(entity::Name(StatusKind::Completed)))
        .order_by_asc(Column::Stage)
        .into_tuple()
        .all(db)
        .await?;
    for (portfolio, venture, stage) in rows {
        completed.entry(RootId::of(portfolio, venture)).or_default().push(i64::from(stage));
    }
    Ok(completed)
}

/// What holds of the runs of a root.
fn of(root: RootId) -> Condition {
    match root {
        RootId::Venture(id) => Condition::all().add(Column::VentureId.eq(id.uuid())),
        RootId::Portfolio(id) => {
            Condition::all().add(Column::PortfolioId.eq(id.uuid())).add(Column::VentureId.is_null())
        }
    }
}

/// A row as the domain's run.
pub fn from_row(row: Model) -> Result<StageRun, Error> {
    let status = match (*row.status, row.entered_at, row.ended_at) {
        (StatusKind::Entering, ..) => Status::Entering,
        (StatusKind::Active, Some(entered_at), _) => Status::Active { entered_at },
        (StatusKind::Completed, _, Some(at)) => Status::Completed { at },
        (StatusKind::Abandoned, _, Some(at)) => Status::Abandoned { at },
        (StatusKind::Skipped, _, Some(at)) => Status::Skipped { at },
        _ => return Err(corrupt("a stage run whose status lacks its time")),
    };
    Ok(StageRun {
        id: Id::new(row.id),
        portfolio_id: Id::new(row.portfolio_id),
        root: RootId::of(row.portfolio_id, row.venture_id),
        playbook_id: Id::new(row.playbook_id),
        stage: u32::try_from(row.stage).map_err(|_| corrupt("a negative stage"))?,
        attempt: u32::try_from(row.attempt).map_err(|_| corrupt("a negative attempt"))?,
        status,
        started_at: row.started_at,
        due_at: row.due_at,
        late_at: row.late_at,
        gates: serde_json::from_value(row.gates)?,
        waits_for: serde_json::from_value(row.waits_for)?,
    })
}

fn to_row(run: &StageRun) -> ActiveModel {
    let small = |n: u32| i16::try_from(n).unwrap_or(i16::MAX);
    // A run that is over keeps the time of its entry.
    let (entered_at, ended_at) = match run.status {
        Status::Entering => (Set(None), Set(None)),
        Status::Active { entered_at } => (Set(Some(entered_at)), Set(None)),
        Status::Completed { at } | Status::Abandoned { at } | Status::Skipped { at } => {
            (NotSet, Set(Some(at)))
        }
    };
    let json = |value: Result<serde_json::Value, serde_json::Error>| value.unwrap_or_default();
    ActiveModel {
        id: Set(run.id.uuid()),
        portfolio_id: Set(run.portfolio_id.uuid()),
        venture_id: Set(run.root.venture().map(Id::uuid)),
        playbook_id: Set(run.playbook_id.uuid()),
        stage: Set(small(run.stage)),
        attempt: Set(small(run.attempt)),
        status: Set(run.status.kind().into()),
        started_at: Set(run.started_at),
        entered_at,
        due_at: Set(run.due_at),
        late_at: Set(run.late_at),
        ended_at,
        gates: Set(json(serde_json::to_value(&run.gates))),
        waits_for: Set(json(serde_json::to_value(&run.waits_for))),
    }
}
