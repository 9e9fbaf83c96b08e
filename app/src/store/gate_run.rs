//! Gate runs: jobs that end in a verdict.

use std::collections::BTreeMap;

use domain::{
    gate::{Decision, Verdict},
    id::{Id, kind},
    job::Status,
    stage_run::StageRun,
    venture::Venture,
};
use entity::gate_run::{Column, Entity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{Error, Scope, context::backend, database::statement, store::corrupt};
use chrono::{DateTime, Utc};

/// The venture whose gate run this is, and the person who asked for it, within scope.
pub async fn subject_of(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<kind::GateRun>,
) -> Result<(Id<Venture>, Id<kind::Person>), Error> {
    let found: Option<(Uuid, Uuid)> = Entity::find_by_id(id.uuid())
        .filter(scope.on(Column::PortfolioId))
        .select_only()
        .columns([Column::VentureId, Column::RequestedById])
        .into_tuple()
        .one(db)
        .await?;
    found.map(|(venture, asker)| (Id::new(venture), Id::new(asker))).ok_or(Error::NotFound)
}

/// Ends a queued run with an agent's decision, or cancels it. Tells whether it was queued still.
pub async fn end(
    db: &impl ConnectionTrait,
    id: Uuid,
    decision: Option<&Decision>,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let status = if decision.is_some() { Status::Succeeded } else { Status::Cancelled };
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status.as_str()))
        .col_expr(Column::Verdict, Expr::value(decision.map(|d| d.verdict.as_str())))
        .col_expr(Column::Decision, Expr::value(decision.map(serde_json::to_value).transpose()?))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .col_expr(Column::DecidedBy, Expr::value(by))
        .col_expr(Column::Version, Expr::value(2_i64))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Queued.as_str()))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The verdict of the latest decided run of each gate of a stage run.
pub async fn verdicts(
    db: &impl ConnectionTrait,
    run: Id<StageRun>,
) -> Result<BTreeMap<String, Verdict>, Error> {
    let sql = "SELECT gate, verdict FROM (SELECT gate, verdict, ROW_NUMBER() OVER \
               (PARTITION BY gate ORDER BY requested_at DESC, id DESC) AS place FROM gate_run \
               WHERE stage_run_id = $1 AND status = 'SUCCEEDED') AS latest WHERE place = 1";
    let rows = db.query_all_raw(statement(backend(db), sql, [run.uuid().into()])).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "gate")?, verdict(&row.try_get::<String>("", "verdict")?)?)))
        .collect()
}

/// A stored verdict.
pub fn verdict(text: &str) -> Result<Verdict, Error> {
    match text {
        "PASS" => Ok(Verdict::Pass),
        "FAIL" => Ok(Verdict::Fail),
        "INCONCLUSIVE" => Ok(Verdict::Inconclusive),
        _ => Err(corrupt("a verdict that is none")),
    }
}
