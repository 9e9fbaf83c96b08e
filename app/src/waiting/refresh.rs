//! Rows of stage runs: made anew whenever something changed that their steps follow from.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    Role, RootId, agenda,
    agenda::Thing,
    id::{Id, kind},
    stage_run::{StageRun, WaitsFor},
};
use entity::{portfolio, stage_run as runs, waiting, waiting_refresh};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    App, Context, Error, Request, Target,
    context::Write,
    gate_run::assessment::{self, Assessment},
    stage_run::store,
    store::corrupt,
    venture::counts,
};

/// The sweep that makes the rows of one stage run anew; the key is the run.
pub const REFRESH_STAGE_RUN: &str = "refresh_waiting_stage_run";
/// The sweep that makes the rows of a portfolio's stage runs anew; the key is the portfolio.
pub const REFRESH_PORTFOLIO: &str = "refresh_waiting_portfolio";
/// Stage runs that one transaction looks at.
const CHUNK: u64 = 200;
/// Portfolios that one statement names.
const AT_ONCE: usize = 1_000;

/// Makes the rows of the root's stage runs anew, where they differ, and has that done again once a fact goes stale.
pub(crate) async fn refresh(cx: &mut Context<'_>) -> Result<Vec<Write>, Error> {
    let Made { writes, stale_at } = make(cx).await?;
    if let Some((run, at)) = stale_at {
        cx.schedule(REFRESH_STAGE_RUN, run, at).await?;
    }
    Ok(writes)
}

/// What has to be written, and when a fact of the current run goes stale.
#[derive(Default)]
struct Made {
    writes: Vec<Write>,
    stale_at: Option<(Uuid, DateTime<Utc>)>,
}

/// Makes the rows of every run that was touched. A run that is over waits for nobody.
async fn make(cx: &mut Context<'_>) -> Result<Made, Error> {
    let mut made = Made::default();
    for id in cx.touched_runs() {
        let (wanted, stale_at) = if cx.is_current(id) { wanted(cx).await? } else { Default::default() };
        made.stale_at = made.stale_at.or(stale_at.map(|at| (id, at)));
        made.writes.extend(replace(cx, id, wanted)?);
    }
    Ok(made)
}

/// The roles for which the current run waits, and when that changes by itself because a fact goes stale.
async fn wanted(cx: &mut Context<'_>) -> Result<(Vec<WaitsFor>, Option<DateTime<Utc>>), Error> {
    let run = cx.stage_run()?;
    if !run.is_open() || cx.venture().is_ok_and(|venture| venture.require_active().is_err()) {
        return Ok(Default::default());
    }
    let rights = cx.playbook(cx.portfolio()?.playbook_id).await?;
    let playbook = cx.playbook(run.playbook_id).await?;
    let stage = playbook.stage(run.stage).ok_or_else(|| corrupt("a run of no stage"))?;
    let assessment = Assessment::of(cx, (&playbook, stage), stage.gates()).await?;
    Ok((agenda::waits_for(&assessment.steps(cx.stage_run()?), &rights), assessment.stale_at()))
}

/// Replaces the rows of a run, and what the run says of them.
fn replace(cx: &mut Context<'_>, id: Uuid, wanted: Vec<WaitsFor>) -> Result<Vec<Write>, Error> {
    let run = cx.run_of(id)?;
    if run.waits_for == wanted {
        return Ok(Vec::new());
    }
    let had = std::mem::replace(&mut run.waits_for, wanted.clone());
    let run = run.clone();
    let roles = |list: &[WaitsFor]| list.iter().map(|waits| waits.role.clone()).collect::<BTreeSet<Role>>();
    let (before, after) = (roles(&had), roles(&wanted));
    let mut writes = Vec::new();
    let gone: Vec<_> = before.difference(&after).map(Role::to_string).collect();
    if !gone.is_empty() {
        let query = waiting::Entity::delete_many().filter(waiting::Column::ThingId.eq(id));
        writes.push(query.filter(waiting::Column::Role.is_in(gone)).into_query().into());
    }
    let new: Vec<_> = wanted.iter().filter(|waits| !before.contains(&waits.role)).collect();
    if !new.is_empty() {
        let rows = new.into_iter().map(|waits| row(cx, &run, waits));
        writes.push(waiting::Entity::insert_many(rows).into_query().into());
    }
    for waits in
        wanted.iter().filter(|waits| had.contains(&WaitsFor { owned: !waits.owned, ..(*waits).clone() }))
    {
        let change = waiting::Entity::update_many()
            .col_expr(waiting::Column::Owned, waits.owned.into())
            .filter(waiting::Column::ThingId.eq(id))
            .filter(waiting::Column::Role.eq(waits.role.as_str()));
        writes.push(change.into_query().into());
    }
    cx.waits_for_others(before.union(&after).cloned());
    Ok(writes)
}

fn row(cx: &Context<'_>, run: &StageRun, waits: &WaitsFor) -> waiting::ActiveModel {
    waiting::ActiveModel {
        id: Set(cx.id::<()>().uuid()),
        portfolio_id: Set(run.portfolio_id.uuid()),
        venture_id: Set(run.root.venture().map(Id::uuid)),
        kind: Set(Thing::StageRun.into()),
        thing_id: Set(run.id.uuid()),
        role: Set(waits.role.to_string()),
        owned: Set(waits.owned),
        since: Set(cx.now()),
        due_at: Set(run.due_at),
    }
}

/// Makes the rows of one stage run anew: a fact that its gates look at went stale. Tells when the next one does.
pub async fn refresh_stage_run(
    cx: &mut Context<'_>,
    id: Id<StageRun>,
) -> Result<Option<DateTime<Utc>>, Error> {
    match store::find(cx.tx(), &cx.scope(), id).await {
        Ok(run) => make_run(cx, run.root, id).await,
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Locks the roots of runs, in one order, and makes their rows anew as they are then.
async fn refresh_runs(cx: &mut Context<'_>, found: Vec<StageRun>) -> Result<(), Error> {
    let roots: Vec<_> = found.iter().map(|run| Target::root(run.root)).collect();
    cx.lock_targets(&roots).await?;
    for run in found {
        if let Some(at) = make_run(cx, run.root, run.id).await? {
            cx.schedule(REFRESH_STAGE_RUN, run.id.uuid(), at).await?;
        }
    }
    Ok(())
}

/// Makes the rows of a run anew outside of any command, under its root's lock. Tells when one of its facts goes stale.
async fn make_run(
    cx: &mut Context<'_>,
    root: RootId,
    id: Id<StageRun>,
) -> Result<Option<DateTime<Utc>>, Error> {
    cx.look_at(root, id).await?;
    let made = make(cx).await?;
    cx.write_runs(made.writes).await?;
    Ok(made.stale_at.map(|(_, at)| at))
}

/// What stands beside the roots of a portfolio that the steps of their runs follow from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    playbook_id: Uuid,
    active_ventures: i64,
    /// Whether the playbook is another one than when all rows were made last.
    #[serde(default)]
    rights_changed: bool,
}

/// Looks at every portfolio for changes beside its roots, and has the rows of its runs made anew where there are any.
pub async fn watch_portfolios(cx: &mut Context<'_>) -> Result<(), Error> {
    let rows: Vec<(Uuid, Uuid)> = portfolio::Entity::find()
        .select_only()
        .columns([portfolio::Column::Id, portfolio::Column::PlaybookId])
        .into_tuple()
        .all(cx.tx())
        .await?;
    let ids: Vec<_> = rows.iter().map(|(id, _)| *id).collect();
    let mut active = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        active.extend(counts::active_of(cx.tx(), some).await?);
    }
    let known = waiting_refresh::Entity::find().all(cx.tx()).await?;
    let known: HashMap<_, _> = known.into_iter().map(|row| (row.portfolio_id, row)).collect();
    for (id, playbook_id) in rows {
        let before = known.get(&id);
        let before: Option<Seen> = before.map(|row| serde_json::from_value(row.seen.clone())).transpose()?;
        let active_ventures = active.get(&id).copied().unwrap_or_default();
        let rights_changed = before.as_ref().is_none_or(|seen| seen.playbook_id != playbook_id);
        let seen = Seen { playbook_id, active_ventures, rights_changed };
        if before.as_ref().is_some_and(|before| Seen { rights_changed, ..before.clone() } == seen) {
            continue;
        }
        // Runs of a portfolio that is new made their rows themselves.
        keep(cx, id, &seen, before.is_some().then_some(Uuid::nil())).await?;
        if before.is_some() {
            cx.schedule(REFRESH_PORTFOLIO, id, cx.now()).await?;
        }
    }
    Ok(())
}

/// Keeps what was seen, and after which run to go on; none: all are done.
async fn keep(cx: &Context<'_>, portfolio: Uuid, seen: &Seen, after: Option<Uuid>) -> Result<(), Error> {
    let row = waiting_refresh::ActiveModel {
        portfolio_id: Set(portfolio),
        seen: Set(serde_json::to_value(seen)?),
        after: Set(after),
    };
    let again = OnConflict::column(waiting_refresh::Column::PortfolioId)
        .update_columns([waiting_refresh::Column::Seen, waiting_refresh::Column::After])
        .to_owned();
    waiting_refresh::Entity::insert(row).on_conflict(again).exec_without_returning(cx.tx()).await?;
    Ok(())
}

/// Has the rows of all runs of a portfolio made anew.
pub async fn begin_again(app: &App, portfolio: Id<kind::Portfolio>) -> Result<(), Error> {
    let request = Request::by_operator();
    let mut cx = app.begin(&request).await?;
    let row = crate::record::find::<portfolio::Model>(cx.tx(), &cx.scope(), portfolio).await?;
    let active_ventures = counts::active(cx.tx(), portfolio).await?;
    let seen = Seen { playbook_id: row.playbook_id, active_ventures, rights_changed: true };
    keep(&cx, portfolio.uuid(), &seen, Some(Uuid::nil())).await?;
    cx.schedule(REFRESH_PORTFOLIO, portfolio.uuid(), cx.now()).await?;
    cx.commit().await
}

/// Whether a portfolio was looked at, and no rows of it are left to be made anew.
pub async fn is_fresh(app: &App, portfolio: Id<kind::Portfolio>) -> Result<bool, Error> {
    let row = waiting_refresh::Entity::find_by_id(portfolio.uuid()).one(app.database().read()).await?;
    Ok(row.is_some_and(|row| row.after.is_none()))
}

/// Makes the rows of the next runs of a portfolio anew; tells whether more are left.
pub async fn refresh_portfolio(cx: &mut Context<'_>, id: Id<kind::Portfolio>) -> Result<bool, Error> {
    let found = waiting_refresh::Entity::find_by_id(id.uuid()).one(cx.tx()).await?;
    let Some((row, after)) = found.and_then(|row| row.after.map(|after| (row, after))) else {
        return Ok(false);
    };
    let seen: Seen = serde_json::from_value(row.seen)?;
    let rows = runs::Entity::find()
        .filter(runs::Column::PortfolioId.eq(id.uuid()))
        .filter(runs::Column::EndedAt.is_null())
        .filter(runs::Column::Id.gt(after))
        .order_by_asc(runs::Column::Id)
        .limit(CHUNK)
        .all(cx.tx())
        .await?;
    let last = rows.last().map(|row| row.id).filter(|_| rows.len() as u64 == CHUNK);
    let mut concerned = Vec::new();
    for row in rows {
        let run = store::from_row(row)?;
        let playbook = cx.playbook(run.playbook_id).await?;
        let reads = playbook.stage(run.stage).is_some_and(assessment::reads_portfolio);
        if seen.rights_changed || reads {
            concerned.push(run);
        }
    }
    refresh_runs(cx, concerned).await?;
    keep(cx, id.uuid(), &seen, last).await?;
    Ok(last.is_some())
}
