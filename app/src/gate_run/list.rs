//! The list of gate runs.

use std::collections::BTreeSet;

use entity::gate_run::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;

use crate::{Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Gate runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GateRuns {}

/// Which gate runs; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Of gates with one of these keys.
    pub gates: Option<BTreeSet<String>>,
    /// Of gates of one of these kinds: ENTRY, EXIT.
    pub kinds: Option<BTreeSet<String>>,
    /// In one of these statuses of jobs.
    pub statuses: Option<BTreeSet<String>>,
    /// With one of these verdicts: PASS, FAIL, INCONCLUSIVE.
    pub verdicts: Option<BTreeSet<String>>,
    /// Of one of these stages.
    pub stages: Option<BTreeSet<u32>>,
    /// Asked for then.
    pub requested: Period,
}

/// What gate runs can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were asked for.
    #[default]
    RequestedAt,
}

/// What gate runs can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A venture.
    Venture,
    /// A stage run.
    StageRun,
}

impl List for GateRuns {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "gate_runs";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        scope
            .on(Column::PortfolioId)
            .add_option(filter.gates.as_ref().map(|list| Column::Gate.is_in(list)))
            .add_option(filter.kinds.as_ref().map(|list| Column::Kind.is_in(list)))
            .add_option(filter.statuses.as_ref().map(|list| Column::Status.is_in(list)))
            .add_option(filter.verdicts.as_ref().map(|list| Column::Verdict.is_in(list)))
            .add_option(filter.stages.as_ref().map(|list| Column::Stage.is_in(list.iter().copied())))
            .add(filter.requested.on(Column::RequestedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::RequestedAt => (Expr::col(Column::RequestedAt.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: Parent) -> Expr {
        let column = match parent {
            Parent::Venture => Column::VentureId,
            Parent::StageRun => Column::StageRunId,
        };
        Expr::col(column.as_column_ref())
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
