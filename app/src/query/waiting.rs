//! What waits for a person: stage runs in which they can take a step, and dead letters that they can replay.
//!
//! Steps follow from rules (`domain::agenda`), so stage runs are read chunk by chunk, most urgent first, until
//! a page is full. A chunk costs the same few statements however many runs are in it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use domain::{
    agenda::{self, Standing, Step},
    evidence::Attestation,
    gate::Verdict,
    id::Id,
    playbook::Playbook,
    venture::Venture,
};
use entity::{dead_letter, portfolio, stage_run, venture};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    OPERATORS, batch, list,
    page::{Key, Page, PageRequest, Position, Sort, Window},
};
use crate::{
    Actor, App, Error, Scope,
    database::statement,
    store::{
        self,
        assessment::{Assessment, Elsewhere},
    },
};

/// Stage runs looked at together.
const CHUNK: u64 = 100;

/// Which of what waits; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
        /// Its venture.
        venture: Box<Venture>,
        /// At least one.
        steps: Vec<Step>,
    },
    /// A dead letter that the person can replay.
    DeadLetter(Box<dead_letter::Model>),
}

impl Waiting {
    /// What it is ordered by: when the run's days are over, or when the letter was parked.
    fn place(&self) -> (DateTime<Utc>, Uuid) {
        match self {
            Self::StageRun { run, .. } => (run.due_at, run.id),
            Self::DeadLetter(letter) => (letter.parked_at, letter.id),
        }
    }
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
    let wanted = window.size as usize + 1;
    let reading = Reading::of(app, actor, filter, &window);
    let mut found = reading.stage_runs(wanted).await?;
    found.extend(reading.dead_letters(wanted).await?);
    found.sort_by_key(Waiting::place);
    if window.backward {
        found.reverse();
    }
    found.truncate(wanted);
    let rows = found.into_iter().map(|waiting| {
        let (at, id) = waiting.place();
        (Position { list: list.clone(), key: Key::Time(at), id }.cursor(), waiting)
    });
    Ok(window.page(rows.collect()))
}

/// How much waits for `actor`. Every open stage run within scope is looked at.
pub async fn count(app: &App, actor: &Actor, filter: &Filter) -> Result<u64, Error> {
    let window = PageRequest::default().window("", Sort::Time)?;
    let reading = Reading::of(app, actor, filter, &window);
    let runs = reading.stage_runs(usize::MAX).await?.len();
    let letters = reading.parked().count(app.database().read()).await?;
    Ok(u64::try_from(runs).unwrap_or(u64::MAX).saturating_add(letters))
}

/// One reading: for whom, and between which cursors.
struct Reading<'a> {
    app: &'a App,
    actor: &'a Actor,
    filter: &'a Filter,
    window: &'a Window,
    scope: Scope,
}

impl<'a> Reading<'a> {
    fn of(app: &'a App, actor: &'a Actor, filter: &'a Filter, window: &'a Window) -> Self {
        let scope = match filter.portfolio {
            Some(id) => actor.scope().narrowed_to(id),
            None => actor.scope(),
        };
        Self { app, actor, filter, window, scope }
    }

    /// At least `wanted` runs in which the person can take a step, if there are so many.
    async fn stage_runs(&self, wanted: usize) -> Result<Vec<Waiting>, Error> {
        let (mut found, mut last) = (Vec::new(), None);
        loop {
            let runs = self.open_runs(last).await?;
            last = runs.last().map(|run| (run.due_at, run.id));
            let is_last = (runs.len() as u64) < CHUNK;
            found.extend(Chunk::read(self, runs).await?.waiting(self)?);
            if is_last || found.len() >= wanted {
                return Ok(found);
            }
        }
    }

    /// The next open runs of active ventures, in reading direction.
    async fn open_runs(&self, last: Option<(DateTime<Utc>, Uuid)>) -> Result<Vec<stage_run::Model>, Error> {
        use stage_run::Column::{DueAt, Id, PortfolioId, Status, VentureId};
        let order = self.order();
        let current = venture::Entity::find()
            .select_only()
            .column(venture::Column::StageRunId)
            .filter(venture::Column::Status.eq("ACTIVE"))
            .filter(self.scope.on(venture::Column::PortfolioId));
        let query = stage_run::Entity::find()
            .filter(Id.in_subquery(current.into_query()))
            .filter(Status.is_in(["ENTERING", "ACTIVE"]))
            .filter(self.scope.on(PortfolioId))
            .apply_if(self.filter.venture, |query, id| query.filter(VentureId.eq(id)))
            .filter(self.between(DueAt, Id))
            .apply_if(last, |query, place| query.filter(beyond(DueAt, Id, place, self.window.backward)))
            .order_by(DueAt, order.clone())
            .order_by(Id, order)
            .limit(CHUNK);
        Ok(query.all(self.app.database().read()).await?)
    }

    async fn dead_letters(&self, wanted: usize) -> Result<Vec<Waiting>, Error> {
        use dead_letter::Column::{Id, ParkedAt};
        let order = self.order();
        let query = self.parked().filter(self.between(ParkedAt, Id));
        let query = query.order_by(ParkedAt, order.clone()).order_by(Id, order).limit(wanted as u64);
        let letters = query.all(self.app.database().read()).await?;
        Ok(letters.into_iter().map(Box::new).map(Waiting::DeadLetter).collect())
    }

    /// Dead letters that the person can replay; they are no venture's.
    fn parked(&self) -> sea_orm::Select<dead_letter::Entity> {
        let operated = self.actor.portfolios_with(&OPERATORS);
        let within =
            operated.into_iter().filter(|id| self.scope.reaches(*id) && self.filter.venture.is_none());
        super::parked(&Scope::Portfolios(within.collect()))
    }

    fn order(&self) -> Order {
        if self.window.backward { Order::Desc } else { Order::Asc }
    }

    fn between(&self, time: impl ColumnTrait, id: impl ColumnTrait) -> Condition {
        let place = |position: &Position| match position.key {
            Key::Time(at) => Some((at, position.id)),
            Key::Text(_) | Key::Number(_) => None,
        };
        let bound = |position: &Option<Position>, backward| {
            position.as_ref().and_then(place).map(|place| beyond(time, id, place, backward))
        };
        Condition::all()
            .add_option(bound(&self.window.after, false))
            .add_option(bound(&self.window.before, true))
    }
}

/// What comes after a place, or before it.
fn beyond(
    time: impl ColumnTrait,
    id: impl ColumnTrait,
    (at, key): (DateTime<Utc>, Uuid),
    backward: bool,
) -> Expr {
    let here = Expr::tuple([Expr::col(time.as_column_ref()), Expr::col(id.as_column_ref())]);
    let there = Expr::tuple([Expr::val(at), Expr::val(key)]);
    if backward { here.lt(there) } else { here.gt(there) }
}

/// Stage runs with all that their steps follow from.
struct Chunk {
    runs: Vec<stage_run::Model>,
    ventures: HashMap<Uuid, Venture>,
    /// By portfolio.
    rights: HashMap<Uuid, Arc<Playbook>>,
    /// By id.
    playbooks: HashMap<Uuid, Arc<Playbook>>,
    attestations: HashMap<Uuid, Vec<Attestation>>,
    verdicts: HashMap<Uuid, BTreeMap<String, Verdict>>,
    queued: HashMap<Uuid, Vec<String>>,
    completed: HashMap<Uuid, Vec<i64>>,
    active_ventures: HashMap<Uuid, i64>,
}

impl Chunk {
    async fn read(reading: &Reading<'_>, runs: Vec<stage_run::Model>) -> Result<Self, Error> {
        let (app, scope) = (reading.app, &reading.scope);
        let db = app.database().read();
        let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
        let ventures: Vec<_> = runs.iter().filter_map(|run| run.venture_id).collect();
        let mut portfolios: Vec<_> = runs.iter().map(|run| run.portfolio_id).collect();
        portfolios.sort_unstable();
        portfolios.dedup();
        let mut chunk = Self {
            ventures: batch::ventures(app, scope, &ventures).await?,
            rights: HashMap::new(),
            playbooks: HashMap::new(),
            attestations: HashMap::new(),
            verdicts: HashMap::new(),
            queued: HashMap::new(),
            completed: completed(db, &ventures).await?,
            active_ventures: active_ventures(db, &portfolios).await?,
            runs,
        };
        for (id, row) in batch::by_ids::<portfolio::Model>(app, scope, &portfolios).await? {
            chunk.rights.insert(id, app.playbook(Id::new(row.playbook_id)).await?);
        }
        let mut playbooks: Vec<_> = chunk.runs.iter().map(|run| run.playbook_id).collect();
        playbooks.sort_unstable();
        playbooks.dedup();
        for id in playbooks {
            chunk.playbooks.insert(id, app.playbook(Id::new(id)).await?);
        }
        for attestation in store::evidence::current_of(db, &ids).await? {
            chunk.attestations.entry(attestation.stage_run_id.uuid()).or_default().push(attestation);
        }
        for latest in latest(db, &ids).await? {
            match latest.verdict {
                Some(text) if latest.status == "SUCCEEDED" => {
                    let verdict = store::gate_run::verdict(&text)?;
                    chunk.verdicts.entry(latest.stage_run_id).or_default().insert(latest.gate, verdict);
                }
                _ => chunk.queued.entry(latest.stage_run_id).or_default().push(latest.gate),
            }
        }
        Ok(chunk)
    }

    /// The runs in which the person can take a step.
    fn waiting(mut self, reading: &Reading<'_>) -> Result<Vec<Waiting>, Error> {
        let mut waiting = Vec::new();
        for run in std::mem::take(&mut self.runs) {
            let Some(venture) = run.venture_id.and_then(|id| self.ventures.remove(&id)) else { continue };
            let steps = self.steps(reading, &run, &venture)?;
            if !steps.is_empty() {
                waiting.push(Waiting::StageRun { run: Box::new(run), venture: Box::new(venture), steps });
            }
        }
        Ok(waiting)
    }

    fn steps(
        &mut self,
        reading: &Reading<'_>,
        row: &stage_run::Model,
        venture: &Venture,
    ) -> Result<Vec<Step>, Error> {
        let run = store::stage_run::from_row(row.clone())?;
        let now = reading.app.clock().now();
        let (Some(playbook), Some(rights)) =
            (self.playbooks.get(&row.playbook_id), self.rights.get(&row.portfolio_id))
        else {
            return Ok(Vec::new());
        };
        let stage = playbook.stage(run.stage).ok_or_else(|| store::corrupt("a run of no stage"))?;
        let elsewhere = Elsewhere {
            completed: Some(self.completed.remove(&venture.id.uuid()).unwrap_or_default()),
            active_ventures: self.active_ventures.get(&row.portfolio_id).copied(),
        };
        let attestations = self.attestations.remove(&row.id).unwrap_or_default();
        let assessment = Assessment::gathered(venture, (playbook, stage), attestations, &elsewhere, now);
        let (verdicts, queued) = (self.verdicts.get(&row.id), self.queued.get(&row.id));
        let standing = stage.gates().map(|gate| Standing {
            gate,
            decision: assessment.decide(gate),
            recorded: verdicts.and_then(|verdicts| verdicts.get(&gate.key)).copied(),
            queued: queued.is_some_and(|gates| gates.contains(&gate.key)),
        });
        let standing: Vec<_> = standing.collect();
        let labels = assessment.open_labels();
        let mut steps = agenda::steps((playbook, stage), &run, &labels, &standing, now);
        let held = reading.actor.roles_in(run.portfolio_id);
        let owned = reading.filter.owned;
        steps.retain(|step| step.is_for(rights, held) && (!owned || step.is_owned(held)));
        Ok(steps)
    }
}

/// The latest decided, and the latest queued, run of a gate.
#[derive(FromQueryResult)]
struct Latest {
    stage_run_id: Uuid,
    gate: String,
    status: String,
    verdict: Option<String>,
}

async fn latest(db: &impl ConnectionTrait, runs: &[Uuid]) -> Result<Vec<Latest>, Error> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let marks: Vec<_> = (1..=runs.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT stage_run_id, gate, status, verdict FROM (SELECT stage_run_id, gate, status, verdict, \
         ROW_NUMBER() OVER (PARTITION BY stage_run_id, gate, status ORDER BY requested_at DESC, id DESC) AS place \
         FROM gate_run WHERE stage_run_id IN ({}) AND status IN ('SUCCEEDED', 'QUEUED')) AS latest \
         WHERE place = 1",
        marks.join(", ")
    );
    let values = runs.iter().map(|id| (*id).into());
    let rows = db.query_all_raw(statement(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok(Latest::from_query_result(row, "")?)).collect()
}

/// Numbers of the stages that each venture has completed, ascending.
async fn completed(db: &impl ConnectionTrait, ventures: &[Uuid]) -> Result<HashMap<Uuid, Vec<i64>>, Error> {
    let rows: Vec<(Uuid, i16)> = stage_run::Entity::find()
        .select_only()
        .columns([stage_run::Column::VentureId, stage_run::Column::Stage])
        .distinct()
        .filter(stage_run::Column::VentureId.is_in(ventures.iter().copied()))
        .filter(stage_run::Column::Status.eq("COMPLETED"))
        .order_by_asc(stage_run::Column::Stage)
        .into_tuple()
        .all(db)
        .await?;
    let mut stages: HashMap<_, Vec<_>> = HashMap::new();
    for (venture, stage) in rows {
        stages.entry(venture).or_default().push(i64::from(stage));
    }
    Ok(stages)
}

/// How many active ventures each portfolio has.
async fn active_ventures(
    db: &impl ConnectionTrait,
    portfolios: &[Uuid],
) -> Result<HashMap<Uuid, i64>, Error> {
    let rows: Vec<(Uuid, i64)> = venture::Entity::find()
        .select_only()
        .column(venture::Column::PortfolioId)
        .column_as(venture::Column::Id.count(), "ventures")
        .filter(venture::Column::PortfolioId.is_in(portfolios.iter().copied()))
        .filter(venture::Column::Status.eq("ACTIVE"))
        .group_by(venture::Column::PortfolioId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}
