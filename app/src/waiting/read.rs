//! Reading what waits for a person: the rows of the roles that they hold, most urgent first.
//!
//! Rows are read role by role, each as far as the page goes, by an index in their order; a thing that waits for several
//! of a person's roles is shown once. The steps of a stage run are worked out for the runs that a page shows.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    RootId,
    agenda::{Step, Thing},
    evidence::Attestation,
    id::Id,
    playbook::Playbook,
    stage_run::StageRun,
    venture::Venture,
};
use entity::{dead_letter, stage_run, venture, waiting};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, Order,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Actor, App, Error, Scope, evidence,
    gate_run::assessment::{Assessment, Elsewhere},
    list::{self, COUNTED},
    page::{Key, Page, PageRequest, Position, Sort, Window},
    record::{by_ids, keyed},
    stage_run as runs,
    store::corrupt,
    venture::counts,
};

pub use crate::list::Count;

/// Which of what waits; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// In this portfolio.
    pub portfolio: Option<Uuid>,
    /// For this venture.
    pub venture: Option<Uuid>,
    /// Only steps that are the person's to answer for, not those that they may take as well.
    pub owned: bool,
}

/// Something that waits.
#[derive(Clone, Debug)]
pub enum Waiting {
    /// A stage run, and the steps that the person can take in it.
    StageRun {
        /// The run.
        run: Box<stage_run::Model>,
        /// Its venture; none: it is the portfolio's own.
        venture: Option<Box<Venture>>,
        /// The steps; none are left when somebody else was faster.
        steps: Vec<Step>,
    },
    /// A dead letter that the person can replay.
    DeadLetter(Box<dead_letter::Model>),
}

/// A thing that waits, by its place.
#[derive(Clone, Debug, FromQueryResult)]
struct Place {
    thing_id: Uuid,
    kind: entity::Name<Thing>,
    due_at: DateTime<Utc>,
}

/// A page of what waits for `actor`, most urgent first.
pub async fn page(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    request: &PageRequest,
) -> Result<Page<Waiting>, Error> {
    let list = list::fingerprint(&("waiting", filter))?;
    let window = request.window(&list, Sort::Time)?;
    let places = places(app, actor, filter, &window).await?;
    let mut things = Things::read(app, actor, &places).await?;
    let rows = places.into_iter().filter_map(|place| {
        let cursor =
            Position { list: list.clone(), key: Key::Time(place.due_at), id: place.thing_id }.cursor();
        Some((cursor, things.take(&place, actor, filter).transpose()?))
    });
    let rows = rows.map(|(cursor, thing)| Ok((cursor, thing?))).collect::<Result<_, Error>>()?;
    Ok(window.page(rows))
}

/// How much waits for `actor`, exact up to [`COUNTED`].
pub async fn count(app: &App, actor: &Actor, filter: &Filter) -> Result<Count, Error> {
    let per_role = roles_of(actor, filter).into_iter().map(|(portfolio, role)| {
        let mut query = rows(filter, portfolio, &role);
        query.column(waiting::Column::ThingId).limit(COUNTED + 1);
        query
    });
    let Some(union) = union(per_role) else { return Ok(Count::of(0)) };
    let things = Query::select().distinct().column("thing_id").from_subquery(union, "found").take();
    let query =
        Query::select().expr_as(Expr::cust("COUNT(*)"), "total").from_subquery(things, "things").take();
    let row = app.database().read().query_one(&query).await?;
    let total: i64 = row.map(|row| row.try_get("", "total")).transpose()?.unwrap_or_default();
    Ok(Count::of(u64::try_from(total).unwrap_or_default()))
}

/// Up to one more than a page of things, in reading direction.
async fn places(app: &App, actor: &Actor, filter: &Filter, window: &Window) -> Result<Vec<Place>, Error> {
    let order = if window.backward { Order::Desc } else { Order::Asc };
    let wanted = u64::from(window.size) + 1;
    let per_role = roles_of(actor, filter).into_iter().map(|(portfolio, role)| {
        let mut query = rows(filter, portfolio, &role);
        between(&mut query, window);
        query
            .columns([waiting::Column::ThingId, waiting::Column::Kind, waiting::Column::DueAt])
            .order_by(waiting::Column::DueAt, order.clone())
            .order_by(waiting::Column::ThingId, order.clone())
            .limit(wanted);
        query
    });
    let Some(union) = union(per_role) else { return Ok(Vec::new()) };
    let query = Query::select()
        .distinct()
        .columns(["thing_id", "kind", "due_at"])
        .from_subquery(union, "found")
        .order_by("due_at", order.clone())
        .order_by("thing_id", order.clone())
        .limit(wanted)
        .take();
    let rows = app.database().read().query_all(&query).await?;
    rows.iter().map(|row| Ok(Place::from_query_result(row, "")?)).collect()
}

/// The roles that the actor holds, with their portfolios.
fn roles_of(actor: &Actor, filter: &Filter) -> Vec<(Uuid, String)> {
    let memberships = actor.person().into_iter().flat_map(|person| &person.memberships);
    let within =
        memberships.filter(|place| filter.portfolio.is_none_or(|id| id == place.portfolio_id.uuid()));
    within
        .flat_map(|place| place.roles.iter().map(|role| (place.portfolio_id.uuid(), role.to_string())))
        .collect()
}

/// The rows of one role.
fn rows(filter: &Filter, portfolio: Uuid, role: &str) -> SelectStatement {
    let mut query = Query::select();
    query
        .from(waiting::Entity)
        .and_where(waiting::Column::PortfolioId.eq(portfolio))
        .and_where(waiting::Column::Role.eq(role));
    if filter.owned {
        query.and_where(Expr::col(waiting::Column::Owned));
    }
    if let Some(venture) = filter.venture {
        query.and_where(waiting::Column::VentureId.eq(venture));
    }
    query
}

fn between(query: &mut SelectStatement, window: &Window) {
    for (position, later) in [(&window.after, true), (&window.before, false)] {
        let Some(Position { key: Key::Time(at), id, .. }) = position else { continue };
        let here = Expr::tuple([Expr::col(waiting::Column::DueAt), Expr::col(waiting::Column::ThingId)]);
        let there = Expr::tuple([Expr::val(*at), Expr::val(*id)]);
        query.and_where(if later { here.gt(there) } else { here.lt(there) });
    }
}

/// All of them together; none where there are none. Each is a subquery, because SQLite takes an order and a limit
/// nowhere else within a union.
fn union(parts: impl Iterator<Item = SelectStatement>) -> Option<SelectStatement> {
    let mut parts = parts.enumerate().map(|(number, part)| {
        Query::select()
            .column(sea_orm::sea_query::Asterisk)
            .from_subquery(part, format!("role_{number}"))
            .take()
    });
    let mut all = parts.next()?;
    for part in parts {
        all.union(UnionType::All, part);
    }
    Some(all)
}

/// The steps of a run, with the playbook whose rights hold.
type Steps = (Vec<Step>, Arc<Playbook>);

/// Stage runs and dead letters, with all that steps follow from, read together.
pub(super) struct Things<'a> {
    app: &'a App,
    runs: HashMap<Uuid, stage_run::Model>,
    ventures: HashMap<Uuid, venture::Model>,
    portfolios: HashMap<Uuid, entity::portfolio::Model>,
    playbooks: HashMap<Uuid, Arc<Playbook>>,
    attestations: HashMap<Uuid, Vec<Attestation>>,
    completed: HashMap<RootId, Vec<i64>>,
    active_ventures: HashMap<Uuid, i64>,
    letters: HashMap<Uuid, dead_letter::Model>,
}

impl<'a> Things<'a> {
    async fn read(app: &'a App, actor: &Actor, places: &[Place]) -> Result<Self, Error> {
        let of = |kind: Thing| {
            let places = places.iter().filter(move |place| *place.kind == kind);
            places.map(|place| place.thing_id).collect::<Vec<_>>()
        };
        Self::gather(app, &actor.scope(), &of(Thing::StageRun), &of(Thing::DeadLetter)).await
    }

    /// So many statements, however many things there are.
    pub(super) async fn gather(
        app: &'a App,
        scope: &Scope,
        run_ids: &[Uuid],
        letter_ids: &[Uuid],
    ) -> Result<Self, Error> {
        let db = app.database().read();
        let runs = keyed(by_ids::<stage_run::Model>(scope, run_ids).all(db).await?);
        let ventures: Vec<_> = runs.values().filter_map(|run| run.venture_id).collect();
        let mut portfolios: Vec<_> = runs.values().map(|run| run.portfolio_id).collect();
        portfolios.sort_unstable();
        portfolios.dedup();
        let mut things = Self {
            app,
            ventures: keyed(by_ids::<venture::Model>(scope, &ventures).all(db).await?),
            portfolios: keyed(by_ids::<entity::portfolio::Model>(scope, &portfolios).all(db).await?),
            playbooks: HashMap::new(),
            attestations: HashMap::new(),
            completed: runs::store::completed_of(db, runs.values()).await?,
            active_ventures: counts::active_of(db, &portfolios).await?,
            letters: keyed(by_ids::<dead_letter::Model>(scope, letter_ids).all(db).await?),
            runs,
        };
        for attestation in evidence::store::current(db, run_ids).await? {
            things.attestations.entry(attestation.stage_run_id.uuid()).or_default().push(attestation);
        }
        let pinned = things.runs.values().map(|run| run.playbook_id);
        let used: Vec<_> = pinned.chain(things.portfolios.values().map(|row| row.playbook_id)).collect();
        for id in used {
            if let Entry::Vacant(place) = things.playbooks.entry(id) {
                place.insert(app.playbook(Id::new(id)).await?);
            }
        }
        Ok(things)
    }

    /// The thing at a place; none when it is gone since.
    fn take(&mut self, place: &Place, actor: &Actor, filter: &Filter) -> Result<Option<Waiting>, Error> {
        match *place.kind {
            Thing::DeadLetter => {
                Ok(self.letters.remove(&place.thing_id).map(Box::new).map(Waiting::DeadLetter))
            }
            Thing::StageRun => {
                let Some((run, venture)) = self.take_run(place.thing_id)? else { return Ok(None) };
                let mut steps = Vec::new();
                if let Some((all, rights)) = self.steps(&run, venture.as_ref())? {
                    let held = actor.roles_in(run.portfolio_id);
                    let is_shown = |step: &Step| {
                        let mut takers = step.takers(&rights).filter(|role| held.contains(role));
                        takers.any(|role| !filter.owned || step.is_owned(role))
                    };
                    steps.extend(all.into_iter().filter(is_shown));
                }
                let Some(row) = self.runs.remove(&place.thing_id) else { return Ok(None) };
                Ok(Some(Waiting::StageRun { run: Box::new(row), venture: venture.map(Box::new), steps }))
            }
        }
    }

    /// A run with its venture; none when it is not among the things.
    fn take_run(&mut self, id: Uuid) -> Result<Option<(StageRun, Option<Venture>)>, Error> {
        let Some(row) = self.runs.get(&id) else { return Ok(None) };
        let venture = row.venture_id.and_then(|id| self.ventures.remove(&id));
        let run = runs::store::from_row(row.clone())?;
        Ok(Some((run, venture.map(crate::venture::store::from_row).transpose()?)))
    }

    /// All steps of a run, with the playbook whose rights hold; none when nobody can take any.
    pub(super) fn all_steps(&mut self, id: Uuid) -> Result<Option<Steps>, Error> {
        match self.take_run(id)? {
            Some((_, Some(venture))) if venture.require_active().is_err() => Ok(None),
            Some((run, venture)) => self.steps(&run, venture.as_ref()),
            None => Ok(None),
        }
    }

    fn steps(&mut self, run: &StageRun, venture: Option<&Venture>) -> Result<Option<Steps>, Error> {
        let portfolio = run.portfolio_id.uuid();
        let rights = self.portfolios.get(&portfolio).and_then(|row| self.playbooks.get(&row.playbook_id));
        let (Some(playbook), Some(rights)) = (self.playbooks.get(&run.playbook_id.uuid()), rights) else {
            return Ok(None);
        };
        let stage = playbook.stage(run.stage).ok_or_else(|| corrupt("a run of no stage"))?;
        let elsewhere = Elsewhere {
            completed: Some(self.completed.remove(&run.root).unwrap_or_default()),
            active_ventures: Some(self.active_ventures.get(&portfolio).copied().unwrap_or_default()),
        };
        let attestations = self.attestations.remove(&run.id.uuid()).unwrap_or_default();
        let now = self.app.clock().now();
        let assessment = Assessment::gathered(venture, (playbook, stage), attestations, &elsewhere, now);
        Ok(Some((assessment.steps(run), Arc::clone(rights))))
    }
}
