//! Roots under lock.
//!
//! A venture is locked together with what always follows from it: its portfolio and its stage run, by one statement.
//! Under READ COMMITTED that statement can wait for the lock, and then sees two times at once:
//!
//! ```text
//! A: locks the venture at version 7, attests, advances it to its next stage run
//! B: SELECT venture JOIN stage_run … FOR NO KEY UPDATE: its snapshot has version 7; waits
//! A: commits: version 8, another stage run
//! B: goes on with the venture at version 8, beside the stage run and the portfolio of its snapshot
//! ```
//!
//! So the statement also returns the version that its snapshot saw. When the locked version differs, everything beside
//! the root is read again, now under the lock. That is enough because every change of what rules read of a root
//! raises the root's version.

use std::collections::{BTreeSet, HashMap};

use domain::{RootId, id::Id, portfolio::Portfolio, venture::Venture};
use entity::{portfolio, stage_run, venture};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryResult,
    QuerySelect,
    sea_query::{Expr, ExprTrait, IntoIden, LockType, Query, SelectStatement},
};
use uuid::Uuid;

use super::Context;
use crate::{
    Error, Scope,
    root::{Held, HeldRun},
    stage_run as runs,
};

/// The roots of a transaction, and their stage runs.
#[derive(Debug, Default)]
pub(super) struct Roots {
    portfolios: HashMap<Uuid, Rooted<Portfolio>>,
    ventures: HashMap<Uuid, Rooted<Venture>>,
    runs: HashMap<Uuid, HeldRun>,
}

/// A root, and whether this transaction holds its lock.
#[derive(Debug)]
pub(super) struct Rooted<R> {
    pub(super) held: Held<R>,
    pub(super) locked: bool,
}

impl Roots {
    pub(super) fn portfolio(&self, id: Uuid) -> Option<&Rooted<Portfolio>> {
        self.portfolios.get(&id)
    }

    pub(super) fn portfolio_mut(&mut self, id: Uuid) -> Option<&mut Rooted<Portfolio>> {
        self.portfolios.get_mut(&id)
    }

    pub(super) fn venture(&self, id: Uuid) -> Option<&Rooted<Venture>> {
        self.ventures.get(&id)
    }

    pub(super) fn venture_mut(&mut self, id: Uuid) -> Option<&mut Rooted<Venture>> {
        self.ventures.get_mut(&id)
    }

    pub(super) fn run(&self, id: Uuid) -> Option<&HeldRun> {
        self.runs.get(&id)
    }

    pub(super) fn run_mut(&mut self, id: Uuid) -> Option<&mut HeldRun> {
        self.runs.get_mut(&id)
    }

    /// The runs of a root that are to be written.
    pub(super) fn changed_runs(&self, root: RootId) -> impl Iterator<Item = &HeldRun> {
        self.runs.values().filter(move |run| run.now.root == root && run.is_changed())
    }

    /// All runs.
    pub(super) fn runs_mut(&mut self) -> impl Iterator<Item = &mut HeldRun> {
        self.runs.values_mut()
    }

    /// Takes up a root that the command makes: nobody else knows it, so it counts as locked.
    pub(super) fn make_venture(&mut self, venture: Venture) {
        self.ventures.insert(venture.id.uuid(), Rooted { held: Held::made(venture), locked: true });
    }

    /// The same of a portfolio.
    pub(super) fn make_portfolio(&mut self, portfolio: Portfolio) {
        self.portfolios.insert(portfolio.id.uuid(), Rooted { held: Held::made(portfolio), locked: true });
    }

    /// Takes up a stage run.
    pub(super) fn hold_run(&mut self, run: HeldRun) {
        self.runs.insert(run.now.id.uuid(), run);
    }

    /// Whether the root is at hand, locked if it has to be.
    fn has(&self, root: RootId, locked: bool) -> bool {
        match root {
            RootId::Portfolio(id) => self.portfolio(id.uuid()).is_some_and(|root| root.locked || !locked),
            RootId::Venture(id) => self.venture(id.uuid()).is_some_and(|root| root.locked || !locked),
        }
    }

    /// Keeps a portfolio, unless it is locked already and so newer in memory.
    fn keep_portfolio(&mut self, row: portfolio::Model, locked: bool) -> Result<(), Error> {
        let id = row.id;
        if !self.portfolios.get(&id).is_some_and(|root| root.locked) {
            let portfolio = crate::portfolio::store::from_row(row)?;
            self.portfolios.insert(id, Rooted { held: Held::read(portfolio), locked });
        }
        Ok(())
    }
}

/// Columns of the joined statement, by table.
const VENTURE: &str = "v_";
const PORTFOLIO: &str = "p_";
const RUN: &str = "r_";
/// The version that the statement's snapshot saw.
const SEEN: &str = "seen_version";

impl Context<'_> {
    /// Reads roots that are not at hand yet, and locks them: portfolios first, then ventures, each in the order of their
    /// ids. Roots out of scope are left out.
    pub(super) async fn take_roots(
        &mut self,
        roots: &BTreeSet<RootId>,
        locked: bool,
        scope: &Scope,
    ) -> Result<(), Error> {
        let wanted = roots.iter().copied().filter(|root| !self.roots.has(*root, locked));
        let (mut portfolios, mut ventures) = (Vec::new(), Vec::new());
        for root in wanted {
            match root {
                RootId::Portfolio(id) => portfolios.push(id.uuid()),
                RootId::Venture(id) => ventures.push(id.uuid()),
            }
        }
        if !portfolios.is_empty() {
            self.take_portfolios(scope, &portfolios, locked).await?;
        }
        if !ventures.is_empty() {
            self.take_ventures(scope, &ventures, locked).await?;
        }
        Ok(())
    }

    async fn take_portfolios(&mut self, scope: &Scope, ids: &[Uuid], locked: bool) -> Result<(), Error> {
        let mut query = portfolio::Entity::find()
            .filter(portfolio::Column::Id.is_in(ids.iter().copied()))
            .filter(scope.on(portfolio::Column::Id));
        if locked {
            QuerySelect::query(&mut query).order_by(portfolio::Column::Id, sea_orm::Order::Asc);
            query = query.lock(LockType::NoKeyUpdate);
        }
        for row in query.all(&self.tx).await? {
            self.roots.keep_portfolio(row, locked)?;
        }
        Ok(())
    }

    async fn take_ventures(&mut self, scope: &Scope, ids: &[Uuid], locked: bool) -> Result<(), Error> {
        let rows = self.tx.query_all(&ventures(scope, ids, locked)).await?;
        let mut waited = Vec::new();
        for row in &rows {
            let seen: i64 = row.try_get("", SEEN)?;
            let venture = crate::venture::store::from_row(venture::Model::from_query_result(row, VENTURE)?)?;
            if seen != venture.version {
                waited.push((venture.portfolio_id.uuid(), venture.stage_run_id.uuid()));
            } else {
                self.keep_beside(row)?;
            }
            self.roots.ventures.insert(venture.id.uuid(), Rooted { held: Held::read(venture), locked });
        }
        if !waited.is_empty() {
            self.read_beside(&waited).await?;
        }
        Ok(())
    }

    /// Keeps what stands beside a venture in its row.
    fn keep_beside(&mut self, row: &QueryResult) -> Result<(), Error> {
        self.roots.keep_portfolio(portfolio::Model::from_query_result(row, PORTFOLIO)?, false)?;
        let run = stage_run::Model::from_query_result(row, RUN)?;
        self.roots.hold_run(Held::read(runs::store::from_row(run)?));
        Ok(())
    }

    /// Reads anew what stands beside ventures whose lock was waited for: `(portfolio, stage run)`.
    async fn read_beside(&mut self, waited: &[(Uuid, Uuid)]) -> Result<(), Error> {
        let portfolios = waited.iter().map(|(portfolio, _)| *portfolio);
        let portfolios =
            portfolio::Entity::find().filter(portfolio::Column::Id.is_in(portfolios)).all(&self.tx).await?;
        for row in portfolios {
            self.roots.keep_portfolio(row, false)?;
        }
        let ids = waited.iter().map(|(_, run)| *run);
        for row in stage_run::Entity::find().filter(stage_run::Column::Id.is_in(ids)).all(&self.tx).await? {
            self.roots.hold_run(Held::read(runs::store::from_row(row)?));
        }
        Ok(())
    }

    /// Takes up the portfolio's stage run that is open.
    pub(super) async fn take_open_run(
        &mut self,
        portfolio: Id<domain::id::kind::Portfolio>,
    ) -> Result<(), Error> {
        if let Some(run) = runs::store::open_of_portfolio(&self.tx, portfolio).await? {
            self.subject.run = Some(run.id.uuid());
            if self.roots.run(run.id.uuid()).is_none() {
                self.roots.hold_run(Held::read(run));
            }
        }
        Ok(())
    }
}

/// Ventures with their portfolios and stage runs, in the order of their ids.
fn ventures(scope: &Scope, ids: &[Uuid], locked: bool) -> SelectStatement {
    let mut query = Query::select();
    select::<venture::Entity>(&mut query, VENTURE);
    select::<portfolio::Entity>(&mut query, PORTFOLIO);
    select::<stage_run::Entity>(&mut query, RUN);
    let own = Expr::col(("seen", venture::Column::Id)).eq(column(venture::Column::Id));
    let seen = Query::select()
        .expr(Expr::col(("seen", venture::Column::Version)))
        .from_as(venture::Entity, "seen")
        .and_where(own)
        .take();
    query.expr_as(Expr::from(seen), SEEN);
    query
        .from(venture::Entity)
        .inner_join(portfolio::Entity, column(portfolio::Column::Id).eq(column(venture::Column::PortfolioId)))
        // Not an inner join: after a wait the run of the snapshot no longer matches, and the row would be lost.
        .left_join(stage_run::Entity, column(stage_run::Column::Id).eq(column(venture::Column::StageRunId)))
        .and_where(venture::Column::Id.is_in(ids.iter().copied()))
        .cond_where(scope.on(venture::Column::PortfolioId));
    if locked {
        query.order_by(venture::Column::Id.as_column_ref(), sea_orm::Order::Asc);
        query.lock_with_tables(LockType::NoKeyUpdate, [venture::Entity]);
    }
    query
}

fn column(column: impl ColumnTrait) -> Expr {
    Expr::col(column.as_column_ref())
}

/// Selects an entity's columns under a prefix.
fn select<E: EntityTrait>(query: &mut SelectStatement, prefix: &str) {
    for each in E::Column::iter() {
        let name = format!("{prefix}{}", each.into_iden());
        query.expr_as(column(each), name);
    }
}
