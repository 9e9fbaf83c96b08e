//! What a command is about: found within the actor's sight before anything is decided.

use std::{
    any::Any,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    Refusal, RootId,
    id::{Id, kind},
    portfolio::Portfolio,
    refusal::Code,
    stage_run::StageRun,
    venture::Venture,
};
use uuid::Uuid;

use super::{Context, missing};
use crate::{
    Error, Scope, Target,
    command::Standing,
    record::{Found, Record, RecordId},
    root::Held,
    target::Place,
};

/// What the command under way is about, once found.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub(super) root: Option<RootId>,
    /// Whether the root is locked for this command.
    pub(super) locked: bool,
    pub(super) portfolio: Option<Uuid>,
    pub(super) run: Option<Uuid>,
    pub(super) record: Option<RecordId>,
    pub(super) row: Option<Arc<dyn Any + Send + Sync>>,
    /// The person whose own affair the record is: who asked for it, or holds it.
    pub(super) owner: Option<Uuid>,
}

impl Context<'_> {
    /// Resolves the targets of several commands and locks their roots in one order, before the first of them runs.
    /// Targets that are not found are left for their command to say so.
    pub async fn lock_targets(&mut self, targets: &[Target]) -> Result<(), Error> {
        let mut kinds: HashMap<_, (RecordId, Vec<Uuid>)> = HashMap::new();
        let mut roots = BTreeSet::new();
        for target in targets.iter().filter(|target| target.locks) {
            match target.place {
                Place::Platform => {}
                Place::Root(root) => drop(roots.insert(root)),
                Place::Record(record) => {
                    kinds.entry(record.kind).or_insert_with(|| (record, Vec::new())).1.push(record.id);
                }
            }
        }
        for (record, ids) in kinds.into_values() {
            let found = (record.resolve)(&self.tx, self.actor(), &ids).await?;
            roots.extend(found.values().filter_map(|found| found.root));
            self.resolved.extend(found.into_iter().map(|(id, found)| ((record.kind, id), found)));
        }
        self.take_roots(&roots, true, &self.scope()).await
    }

    pub(super) async fn find(&mut self, target: Target) -> Result<(), Error> {
        self.subject = Subject::default();
        match target.place {
            Place::Platform => Ok(()),
            Place::Root(root) => self.find_root(root, target.locks, &self.scope()).await,
            Place::Record(record) => self.find_record(record, target.locks).await,
        }
    }

    async fn find_root(&mut self, root: RootId, locks: bool, scope: &Scope) -> Result<(), Error> {
        self.take_roots(&BTreeSet::from([root]), locks, scope).await?;
        self.subject.root = Some(root);
        self.subject.locked = locks;
        match root {
            RootId::Venture(id) => {
                let found = self.roots.venture(id.uuid()).ok_or(Error::NotFound)?;
                let venture = &found.held.now;
                self.subject.portfolio = Some(venture.portfolio_id.uuid());
                self.subject.run = Some(venture.stage_run_id.uuid());
                Ok(())
            }
            RootId::Portfolio(id) => {
                self.roots.portfolio(id.uuid()).ok_or(Error::NotFound)?;
                self.subject.portfolio = Some(id.uuid());
                Ok(())
            }
        }
    }

    async fn find_record(&mut self, record: RecordId, locks: bool) -> Result<(), Error> {
        let mut found = match self.resolved.remove(&(record.kind, record.id)) {
            Some(found) => found,
            None => self.resolve(record).await?,
        };
        if let Some(root) = found.root {
            // The record is within sight, so its root is found: a person's own token may be bound to a portfolio
            // that they left.
            self.find_root(root, locks, &Scope::All).await?;
            // Somebody else changed the root between the two statements: the row may be old.
            if locks && self.root_version() != found.root_version {
                found = self.resolve(record).await?;
            }
        }
        self.subject.portfolio = found.portfolio;
        self.subject.record = Some(record);
        self.subject.owner = found.owner;
        self.subject.row = Some(found.row);
        Ok(())
    }

    async fn resolve(&self, record: RecordId) -> Result<Found, Error> {
        let mut found = (record.resolve)(&self.tx, self.actor(), &[record.id]).await?;
        found.remove(&record.id).ok_or(Error::NotFound)
    }

    fn root_version(&self) -> Option<i64> {
        match self.subject.root? {
            RootId::Venture(id) => self.roots.venture(id.uuid()).map(|root| root.held.now.version),
            RootId::Portfolio(id) => self.roots.portfolio(id.uuid()).map(|root| root.held.now.version),
        }
    }

    /// Refuses a change of a root that is newer than what the caller saw.
    pub(super) fn require_unchanged(&self, target: Target) -> Result<(), Error> {
        let (Some(seen), Some(current), Some(root)) = (target.seen, self.root_version(), self.subject.root)
        else {
            return Ok(());
        };
        if seen == current {
            return Ok(());
        }
        let message = format!("version {seen} was seen, but the {root} is at version {current}");
        Err(Refusal::new(Code::StaleVersion, message).at("expectedVersion").into())
    }

    /// How what the command is about stands.
    pub(super) fn standing(&self) -> Standing<'_> {
        Standing {
            venture: self.venture().ok(),
            stage_run: self.stage_run().ok(),
            record: self.subject.row.as_deref(),
            now: self.now,
        }
    }

    /// The root that the command is about.
    pub fn root(&self) -> Result<RootId, Error> {
        self.subject.root.ok_or_else(|| missing("a root"))
    }

    /// The portfolio the target belongs to.
    pub fn portfolio_id(&self) -> Result<Id<kind::Portfolio>, Error> {
        self.subject.portfolio.map(Id::new).ok_or_else(|| missing("a portfolio"))
    }

    /// That portfolio.
    pub fn portfolio(&self) -> Result<&Portfolio, Error> {
        let found = self.subject.portfolio.and_then(|id| self.roots.portfolio(id));
        found.map(|root| &root.held.now).ok_or_else(|| missing("a portfolio"))
    }

    /// The portfolio that the command is about, to change.
    pub fn portfolio_mut(&mut self) -> Result<&mut Portfolio, Error> {
        let id = self.subject.portfolio.ok_or_else(|| missing("a portfolio"))?;
        let locked = self.roots.portfolio_mut(id).filter(|root| root.locked);
        locked.map(|root| &mut root.held.now).ok_or_else(|| missing("a portfolio that is locked"))
    }

    /// The target's venture.
    pub fn venture(&self) -> Result<&Venture, Error> {
        let found = self.subject.root.and_then(RootId::venture).and_then(|id| self.roots.venture(id.uuid()));
        found.map(|root| &root.held.now).ok_or_else(|| missing("a venture"))
    }

    /// The target's venture, to change.
    pub fn venture_mut(&mut self) -> Result<&mut Venture, Error> {
        let id = self.subject.root.and_then(RootId::venture).ok_or_else(|| missing("a venture"))?;
        let locked = self.roots.venture_mut(id.uuid()).filter(|root| root.locked);
        locked.map(|root| &mut root.held.now).ok_or_else(|| missing("a venture that is locked"))
    }

    /// The record that the command is about.
    pub fn record_row<M: Record>(&self) -> Result<&M, Error> {
        let row = self.subject.row.as_deref().and_then(|row| row.downcast_ref());
        row.ok_or_else(|| missing("a record of this kind"))
    }

    /// The stage run that the root is in: a venture's current one, or the one that the portfolio has open.
    pub async fn find_stage_run(&mut self) -> Result<&StageRun, Error> {
        if self.subject.run.is_none()
            && let RootId::Portfolio(id) = self.root()?
        {
            self.take_open_run(id).await?;
            if self.subject.run.is_none() {
                let message = "the portfolio has no open stage run: open one first";
                return Err(Refusal::new(Code::NoStageRunOpen, message).into());
            }
        }
        self.stage_run()
    }

    /// The same, once found.
    pub fn stage_run(&self) -> Result<&StageRun, Error> {
        let found = self.subject.run.and_then(|id| self.roots.run(id));
        found.map(|run| &run.now).ok_or_else(|| missing("a stage run"))
    }

    /// The same, to change. It is saved with the root.
    pub fn stage_run_mut(&mut self) -> Result<&mut StageRun, Error> {
        let found = self.subject.run.and_then(|id| self.roots.run_mut(id));
        found.map(|run| &mut run.now).ok_or_else(|| missing("a stage run"))
    }

    /// Takes up a stage run of the root that is not the current one, or not found by [`Self::find_stage_run`].
    pub async fn take_stage_run(&mut self, id: Id<StageRun>) -> Result<&StageRun, Error> {
        if self.roots.run(id.uuid()).is_none() {
            let run = crate::stage_run::store::find(&self.tx, &self.scope(), id).await?;
            self.roots.hold_run(Held::read(run));
        }
        self.subject.run = Some(id.uuid());
        self.stage_run()
    }

    /// The record that the command is about.
    pub(crate) fn record_id(&self) -> Option<RecordId> {
        self.subject.record
    }

    /// Turns to a stage run of a root, outside of any command. Its root is locked first.
    pub(crate) async fn look_at(&mut self, root: RootId, id: Id<StageRun>) -> Result<(), Error> {
        self.find(Target::root(root)).await?;
        self.take_stage_run(id).await?;
        Ok(())
    }

    /// Opens a stage run of the root, which becomes its current one.
    pub fn open_stage_run(&mut self, run: StageRun) {
        self.subject.run = Some(run.id.uuid());
        self.roots.hold_run(Held::made(run));
    }

    /// Makes a venture: the root of this command from now on.
    pub fn make_venture(&mut self, venture: Venture) {
        self.subject.root = Some(venture.id.into());
        self.subject.locked = true;
        self.roots.make_venture(venture);
    }

    /// Makes a portfolio: the root of this command from now on.
    pub fn make_portfolio(&mut self, portfolio: Portfolio) {
        self.subject.root = Some(portfolio.id.into());
        self.subject.portfolio = Some(portfolio.id.uuid());
        self.subject.locked = true;
        self.roots.make_portfolio(portfolio);
    }
}
