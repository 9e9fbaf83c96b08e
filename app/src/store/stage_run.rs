//! Stage runs.

use domain::{
    id::Id,
    stage_run::{RunSubject, StageRun, Status},
};
use entity::stage_run::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{
    Error, Scope,
    store::{self, corrupt},
};

/// The run, within scope.
pub async fn find(db: &impl ConnectionTrait, scope: &Scope, id: Id<StageRun>) -> Result<StageRun, Error> {
    from_row(store::find(db, scope, id).await?)
}

/// Writes a new run.
pub async fn insert(db: &impl ConnectionTrait, run: &StageRun) -> Result<(), Error> {
    Entity::insert(to_row(run)).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a changed run. The caller holds the lock of its subject.
pub async fn save(db: &impl ConnectionTrait, run: &StageRun) -> Result<(), Error> {
    Entity::update(to_row(run)).exec_without_returning(db).await.map(drop).map_err(Error::from)
}

/// How many runs of a stage the subject has had.
pub async fn attempts(db: &impl ConnectionTrait, subject: RunSubject, stage: u32) -> Result<u32, Error> {
    let query = Entity::find().filter(Column::Stage.eq(stage));
    let query = match subject {
        RunSubject::Venture(id) => query.filter(Column::VentureId.eq(id.uuid())),
        RunSubject::Portfolio => query.filter(Column::VentureId.is_null()),
    };
    Ok(u32::try_from(query.count(db).await?).unwrap_or(u32::MAX))
}

/// Numbers of the stages that the venture has completed, each once, ascending.
pub async fn completed(
    db: &impl ConnectionTrait,
    venture: Id<domain::venture::Venture>,
) -> Result<Vec<i64>, Error> {
    let stages: Vec<i16> = Entity::find()
        .select_only()
        .column(Column::Stage)
        .distinct()
        .filter(Column::VentureId.eq(venture.uuid()))
        .filter(Column::Status.eq("COMPLETED"))
        .order_by_asc(Column::Stage)
        .into_tuple()
        .all(db)
        .await?;
    Ok(stages.into_iter().map(i64::from).collect())
}

/// A row as the domain's run.
pub fn from_row(row: Model) -> Result<StageRun, Error> {
    let status = match (row.status.as_str(), row.entered_at, row.ended_at) {
        ("ENTERING", ..) => Status::Entering,
        ("ACTIVE", Some(entered_at), _) => Status::Active { entered_at },
        ("COMPLETED", _, Some(at)) => Status::Completed { at },
        ("ABANDONED", _, Some(at)) => Status::Abandoned { at },
        _ => return Err(corrupt("a stage run of no known status")),
    };
    Ok(StageRun {
        id: Id::new(row.id),
        portfolio_id: Id::new(row.portfolio_id),
        subject: row.venture_id.map_or(RunSubject::Portfolio, |id| RunSubject::Venture(Id::new(id))),
        playbook_id: Id::new(row.playbook_id),
        stage: u32::try_from(row.stage).map_err(|_| corrupt("a negative stage"))?,
        attempt: u32::try_from(row.attempt).map_err(|_| corrupt("a negative attempt"))?,
        status,
        started_at: row.started_at,
        due_at: row.due_at,
        late_at: row.late_at,
    })
}

fn to_row(run: &StageRun) -> ActiveModel {
    let small = |n: u32| i16::try_from(n).unwrap_or(i16::MAX);
    // What is over keeps the time of its entry.
    let (status, entered_at, ended_at) = match run.status {
        Status::Entering => ("ENTERING", Set(None), Set(None)),
        Status::Active { entered_at } => ("ACTIVE", Set(Some(entered_at)), Set(None)),
        Status::Completed { at } => ("COMPLETED", Default::default(), Set(Some(at))),
        Status::Abandoned { at } => ("ABANDONED", Default::default(), Set(Some(at))),
    };
    ActiveModel {
        id: Set(run.id.uuid()),
        portfolio_id: Set(run.portfolio_id.uuid()),
        venture_id: Set(match run.subject {
            RunSubject::Venture(id) => Some(id.uuid()),
            RunSubject::Portfolio => None,
        }),
        playbook_id: Set(run.playbook_id.uuid()),
        stage: Set(small(run.stage)),
        attempt: Set(small(run.attempt)),
        status: Set(status.to_owned()),
        started_at: Set(run.started_at),
        entered_at,
        due_at: Set(run.due_at),
        late_at: Set(run.late_at),
        ended_at,
    }
}
