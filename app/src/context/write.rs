//! What every command writes: its root and stage run, history or audit, messages, and what the command itself asked to
//! be written. On PostgreSQL all of it is one statement with data-modifying CTEs; SQLite has none, and no round trips
//! to save, so there each part is a statement.
//!
//! The parts of one statement do not see each other. None of them reads what another writes, and foreign keys are
//! checked when the statement ends.

use std::collections::BTreeSet;

use domain::{
    Role, RootId,
    id::{Id, kind},
    stage_run::StageRun,
};
use entity::{audit, history};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryTrait,
    sea_query::{
        CommonTableExpression, DeleteStatement, Expr, InsertStatement, Query, SubQueryStatement,
        UpdateStatement, WithClause,
    },
};
use serde_json::Value;
use uuid::Uuid;

use super::{Context, Recorded, backend, missing};
use crate::{
    Command, Error,
    command::Right,
    hints::Change,
    messages::outbox,
    root::{Held, Root},
    stage_run, venture, waiting,
    webhook_endpoint::DispatchWebhooks,
};

/// A statement that writes.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Insert(InsertStatement),
    Update(UpdateStatement),
    Delete(DeleteStatement),
}

impl From<InsertStatement> for Write {
    fn from(statement: InsertStatement) -> Self {
        Self::Insert(statement)
    }
}

impl From<UpdateStatement> for Write {
    fn from(statement: UpdateStatement) -> Self {
        Self::Update(statement)
    }
}

impl From<DeleteStatement> for Write {
    fn from(statement: DeleteStatement) -> Self {
        Self::Delete(statement)
    }
}

impl Context<'_> {
    /// Writes what a command recorded.
    pub(super) async fn record<C: Command>(&mut self, command: &C) -> Result<(), Error> {
        let mut recorded = std::mem::take(&mut self.recorded);
        debug_assert!(
            recorded.events.iter().all(|(kind, _)| C::EVENTS.iter().any(|event| event.kind == *kind)),
            "{} causes events that it does not declare: {:?}",
            C::NAME,
            recorded.events
        );
        let saved = self.save_root(&mut recorded).await?;
        self.write_account::<C>(command, &saved, &mut recorded)?;
        // Dispatching is a message of its own, in the outbox with the others.
        recorded.messages.append(&mut self.recorded.messages);
        if !recorded.messages.is_empty() {
            let rows = outbox::insert(self.app.ids(), self.now, &recorded.messages)?;
            recorded.writes.push(rows.into());
            self.wrote_messages = true;
        }
        let done = execute(&self.tx, saved.update, recorded.writes).await?;
        if !done {
            let root = self.subject.root.map(|root| root.to_string()).unwrap_or_default();
            return Err(Error::Conflict(format!("{root} moved on")));
        }
        if saved.is_told || !self.waits_changed.is_empty() {
            self.hint();
        }
        self.written();
        Ok(())
    }

    /// Raises the version of the root if anything of it changed, and queues what changed of it: a new root first,
    /// because the other rows refer to it.
    async fn save_root(&mut self, recorded: &mut Recorded) -> Result<Saved, Error> {
        let mut saved = Saved::default();
        let (root, locked) = (self.subject.root, self.subject.locked);
        let is_changed = match root {
            _ if !locked => false,
            Some(RootId::Venture(id)) => {
                self.roots.venture(id.uuid()).is_some_and(|root| root.held.is_changed())
            }
            Some(RootId::Portfolio(id)) => {
                self.roots.portfolio(id.uuid()).is_some_and(|root| root.held.is_changed())
            }
            None => false,
        };
        let run_changed = root.is_some_and(|root| self.roots.changed_runs(root).next().is_some());
        if !is_changed && !run_changed && recorded.events.is_empty() {
            return Ok(saved);
        }
        let root =
            root.filter(|_| locked).ok_or_else(|| missing("a root that is locked, and so no events"))?;
        saved.is_told = true;
        let count = i64::try_from(recorded.events.len()).unwrap_or(i64::MAX);
        let now = self.now;
        match root {
            RootId::Venture(id) => {
                let held = self.roots.venture_mut(id.uuid()).ok_or_else(|| missing("a venture"))?;
                held.held.now.advance(count, now);
                saved.take(&held.held);
                if held.held.before.is_none() {
                    recorded.writes.insert(0, venture::store::insert(&held.held.now).into());
                }
                let held = held.held.clone();
                recorded.writes.extend(venture::counts::changed(self, &held));
            }
            RootId::Portfolio(id) => {
                let held = self.roots.portfolio_mut(id.uuid()).ok_or_else(|| missing("a portfolio"))?;
                held.held.now.advance(count, now);
                saved.take(&held.held);
                if held.held.before.is_none() {
                    recorded.writes.insert(0, crate::portfolio::store::insert(&held.held.now).into());
                }
            }
        }
        recorded.states.extend(saved.states.take());
        recorded.writes.extend(waiting::refresh(self).await?);
        recorded.writes.extend(self.run_writes(root));
        Ok(saved)
    }

    /// Queues history, on whose first row the command is described, or one row of audit where nothing happened.
    fn write_account<C: Command>(
        &mut self,
        command: &C,
        saved: &Saved,
        recorded: &mut Recorded,
    ) -> Result<(), Error> {
        let portfolio = self.portfolio_id().ok();
        let (before, after): (Vec<_>, Vec<_>) = recorded.states.drain(..).unzip();
        let account = Account {
            command: C::NAME,
            actor: serde_json::to_value(self.request.actor.recorded(portfolio))?,
            reason: reason_in(command)?,
            before: one_or_all(before),
            after: one_or_all(after),
        };
        let events = std::mem::take(&mut recorded.events);
        if events.is_empty() {
            recorded.writes.push(self.audit_row(portfolio, account).into());
            return Ok(());
        }
        let (_root, portfolio) = (self.root()?, self.portfolio_id()?);
        let rows = self.history_rows(events, saved.sequence, account)?;
        let ids = rows.iter().filter_map(|row| row.id.try_as_ref().copied()).map(Id::new).collect();
        recorded.writes.push(history::Entity::insert_many(rows).into_query().into());
        self.tell(portfolio, ids)
    }

    fn history_rows(
        &self,
        events: Vec<(&'static str, Result<Value, serde_json::Error>)>,
        sequence: i64,
        account: Account,
    ) -> Result<Vec<history::ActiveModel>, Error> {
        let (root, portfolio) = (self.root()?, self.portfolio_id()?);
        let Account { command, actor, reason, before, after } = account;
        let mut rows = events
            .into_iter()
            .zip(sequence + 1..)
            .map(|((kind, body), sequence)| {
                Ok(history::ActiveModel {
                    id: Set(self.app.ids().next()),
                    portfolio_id: Set(portfolio.uuid()),
                    root_kind: Set(root.kind().into()),
                    root_id: Set(root.uuid()),
                    sequence: Set(sequence),
                    kind: Set(kind.to_owned()),
                    at: Set(self.now),
                    actor: Set(actor.clone()),
                    body: Set(body?),
                    trace_id: Set(self.request.trace_id.clone()),
                    command: Set(None),
                    reason: Set(None),
                    before: Set(None),
                    after: Set(None),
                    request_id: Set(None),
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        if let Some(first) = rows.first_mut() {
            first.command = Set(Some(command.to_owned()));
            first.reason = Set(reason);
            first.before = Set(before);
            first.after = Set(after);
            first.request_id = Set(self.request.request_id.clone());
        }
        Ok(rows)
    }

    fn audit_row(&self, portfolio: Option<Id<kind::Portfolio>>, account: Account) -> InsertStatement {
        let record = self.subject.record;
        let root = self.subject.root;
        audit::Entity::insert(audit::ActiveModel {
            id: Set(self.app.ids().next()),
            portfolio_id: Set(portfolio.map(Id::uuid)),
            root_kind: Set(root.map(|root| root.kind().into())),
            root_id: Set(root.map(RootId::uuid)),
            record_kind: Set(record.map(|record| record.kind.name().to_owned())),
            record_id: Set(record.map(|record| record.id)),
            command: Set(account.command.to_owned()),
            actor: Set(account.actor),
            at: Set(self.now),
            reason: Set(account.reason),
            before: Set(account.before),
            after: Set(account.after),
            request_id: Set(self.request.request_id.clone()),
            trace_id: Set(self.request.trace_id.clone()),
        })
        .into_query()
    }

    /// Has the portfolio's endpoints told of events: by one message, and by none where nobody listens. An endpoint is
    /// told of what follows on its coming, and of nothing from its going on.
    fn tell(&mut self, portfolio: Id<kind::Portfolio>, event_ids: Vec<Id<kind::Event>>) -> Result<(), Error> {
        let root = self.roots.portfolio(portfolio.uuid()).ok_or_else(|| missing("a portfolio"))?;
        let before = root.held.before.as_ref().map_or(0, |before| before.listeners);
        if before.min(root.held.now.listeners) <= 0 {
            return Ok(());
        }
        self.send(&DispatchWebhooks { portfolio_id: portfolio, event_ids })
    }

    /// The root's stage runs that the command under way looks at or changed.
    pub(crate) fn touched_runs(&self) -> BTreeSet<Uuid> {
        let changed = self.subject.root.into_iter().flat_map(|root| self.roots.changed_runs(root));
        changed.map(|run| run.now.id.uuid()).chain(self.subject.run).collect()
    }

    /// Whether a run is the one that the command under way looks at.
    pub(crate) fn is_current(&self, run: Uuid) -> bool {
        self.subject.run == Some(run)
    }

    /// A run at hand, to change.
    pub(crate) fn run_of(&mut self, id: Uuid) -> Result<&mut StageRun, Error> {
        self.roots.run_mut(id).map(|run| &mut run.now).ok_or_else(|| missing("a stage run"))
    }

    /// Tells roles, after the commit, that something else waits for them.
    pub(crate) fn waits_for_others(&mut self, roles: impl Iterator<Item = Role>) {
        self.waits_changed.extend(roles);
    }

    /// Writes stage runs and rows about them by themselves, without a command and so without an account of it.
    pub(crate) async fn write_runs(&mut self, mut writes: Vec<Write>) -> Result<(), Error> {
        let root = self.root()?;
        writes.extend(self.run_writes(root));
        if !writes.is_empty() {
            execute(&self.tx, None, writes).await?;
        }
        self.hint();
        self.written();
        Ok(())
    }

    fn run_writes(&self, root: RootId) -> Vec<Write> {
        let changed = self.roots.changed_runs(root);
        changed
            .map(|run| match &run.before {
                None => stage_run::store::insert(&run.now).into(),
                Some(before) => stage_run::store::update(before, &run.now).into(),
            })
            .collect()
    }

    /// Notes whom the commit is to tell.
    fn hint(&mut self) {
        let roles = std::mem::take(&mut self.waits_changed);
        if let (Some(root), Ok(portfolio)) = (self.subject.root, self.portfolio_id()) {
            self.hints.push(Change { root, portfolio, roles });
        }
    }

    /// What was written is what stands now, for the next command of the transaction.
    fn written(&mut self) {
        self.roots.runs_mut().for_each(Held::written);
        match self.subject.root {
            Some(RootId::Venture(id)) => {
                self.roots.venture_mut(id.uuid()).into_iter().for_each(|root| root.held.written());
            }
            Some(RootId::Portfolio(id)) => {
                self.roots.portfolio_mut(id.uuid()).into_iter().for_each(|root| root.held.written());
            }
            None => {}
        }
    }
}

/// What became of the root.
#[derive(Default)]
struct Saved {
    /// Whether those who watch the root are told.
    is_told: bool,
    /// The last number of its stream before.
    sequence: i64,
    /// Writes what changed; none: nothing changed, or the root is new.
    update: Option<UpdateStatement>,
    /// Its state before and after, where that differs.
    states: Option<(Option<Value>, Option<Value>)>,
}

impl Saved {
    fn take<R: Root>(&mut self, held: &Held<R>) {
        let Some(before) = &held.before else {
            self.sequence = 0;
            self.states = Some((None, Some(held.now.state())));
            return;
        };
        self.sequence = before.sequence();
        self.update = Some(R::update(before, &held.now));
        let (was, is) = (before.state(), held.now.state());
        self.states = (was != is).then_some((Some(was), Some(is)));
    }
}

/// Who did what, why, and before and after.
struct Account {
    command: &'static str,
    actor: Value,
    reason: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
}

/// What is there of several states: the only one as it is, more of them as a list.
fn one_or_all(states: Vec<Option<Value>>) -> Option<Value> {
    let mut present: Vec<_> = states.into_iter().flatten().collect();
    if present.len() > 1 { Some(Value::Array(present)) } else { present.pop() }
}

/// The reason given in a command's input, where it has one. An agent's input has none, and is not looked at.
fn reason_in<C: Command>(command: &C) -> Result<Option<String>, Error> {
    if C::RIGHT == Right::Agent {
        return Ok(None);
    }
    let input = serde_json::to_value(command)?;
    Ok(input.get("reason").and_then(Value::as_str).map(str::to_owned))
}

/// Writes all of it; false when the root was not at the version that was read.
async fn execute(
    tx: &DatabaseTransaction,
    root: Option<UpdateStatement>,
    writes: Vec<Write>,
) -> Result<bool, Error> {
    if backend(tx) == DbBackend::Postgres {
        together(tx, root, writes).await
    } else {
        in_turn(tx, root, writes).await
    }
}

async fn in_turn(
    tx: &DatabaseTransaction,
    root: Option<UpdateStatement>,
    writes: Vec<Write>,
) -> Result<bool, Error> {
    if let Some(root) = root
        && tx.execute(&root).await?.rows_affected() != 1
    {
        return Ok(false);
    }
    for write in writes {
        match write {
            Write::Insert(statement) => tx.execute(&statement).await?,
            Write::Update(statement) => tx.execute(&statement).await?,
            Write::Delete(statement) => tx.execute(&statement).await?,
        };
    }
    Ok(true)
}

async fn together(
    tx: &DatabaseTransaction,
    root: Option<UpdateStatement>,
    writes: Vec<Write>,
) -> Result<bool, Error> {
    const ROOT: &str = "root";
    let has_root = root.is_some();
    let mut with = WithClause::new();
    if let Some(mut root) = root {
        root.returning(Query::returning().expr(Expr::val(1)));
        with.cte(part(ROOT.to_owned(), SubQueryStatement::UpdateStatement(root)));
    }
    for (number, write) in writes.into_iter().enumerate() {
        let statement = match write {
            Write::Insert(statement) => SubQueryStatement::InsertStatement(statement),
            Write::Update(statement) => SubQueryStatement::UpdateStatement(statement),
            Write::Delete(statement) => SubQueryStatement::DeleteStatement(statement),
        };
        with.cte(part(format!("w{number}"), statement));
    }
    let mut outcome = Query::select();
    if has_root {
        outcome.expr_as(Expr::cust("COUNT(*)"), "saved").from(ROOT);
    } else {
        outcome.expr_as(Expr::cust("1::bigint"), "saved");
    }
    let row = tx.query_one(&outcome.with(with)).await?;
    let saved: i64 = row.map(|row| row.try_get("", "saved")).transpose()?.unwrap_or_default();
    Ok(saved == 1)
}

fn part(name: String, statement: SubQueryStatement) -> CommonTableExpression {
    CommonTableExpression::new().table_name(name).query(statement).to_owned()
}
