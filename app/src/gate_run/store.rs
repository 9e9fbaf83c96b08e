//! Rows of gate runs.

use chrono::{DateTime, Utc};
use domain::{
    gate::Decision,
    id::{Id, kind},
    job::Status,
    playbook::Gate,
    stage_run::StageRun,
};
use entity::gate_run::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{Expr, ExprTrait, InsertStatement, UpdateStatement},
};

use crate::{Context, Error};

/// A gate run that is asked for now.
pub(crate) fn queued(cx: &Context<'_>, run: &StageRun, gate: &Gate) -> Result<Model, Error> {
    Ok(Model {
        id: cx.id::<kind::GateRun>().uuid(),
        portfolio_id: run.portfolio_id.uuid(),
        venture_id: run.root.venture().map(Id::uuid),
        stage_run_id: run.id.uuid(),
        stage: i16::try_from(run.stage).unwrap_or(i16::MAX),
        gate: gate.key.clone(),
        kind: gate.kind.into(),
        verdict: None,
        decision: None,
        decided_by: None,
        trace_id: cx.trace_id(),
        status: Status::Queued.into(),
        requested_by_id: cx.person()?.uuid(),
        requested_at: cx.now(),
        started_at: None,
        finished_at: None,
        error_code: None,
        error_message: None,
        version: 1,
    })
}

/// Writes a new gate run.
pub(crate) fn insert(run: Model) -> InsertStatement {
    Entity::insert(ActiveModel::from(run)).into_query()
}

/// Ends a gate run that was read under its root's lock: with an agent's decision, or cancelled.
pub(crate) fn end(
    run: &Model,
    decision: Option<&Decision>,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<UpdateStatement, Error> {
    let status = if decision.is_some() { Status::Succeeded } else { Status::Cancelled };
    let change = ActiveModel {
        status: Set(status.into()),
        verdict: Set(decision.map(|decision| decision.verdict.into())),
        decision: Set(decision.map(serde_json::to_value).transpose()?),
        decided_by: Set(by.map(str::to_owned)),
        started_at: Set(decision.map(|_| now)),
        finished_at: Set(Some(now)),
        ..Default::default()
    };
    Ok(Entity::update_many()
        .set(change)
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(run.id))
        .into_query())
}
