//! The list of jobs. Gate runs are all there is of them so far.

use std::collections::BTreeSet;

use entity::gate_run::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, Condition, DbBackend,
    sea_query::{Expr, ExprTrait},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Scope};
use crate::{
    list::{List, NoParent, Period},
    page::Sort,
};

/// Jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jobs {}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    /// It validates a gate.
    GateValidation,
}

/// Which jobs; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// In one of these statuses of jobs.
    pub statuses: Option<BTreeSet<String>>,
    /// Of one of these kinds.
    pub kinds: Option<BTreeSet<Kind>>,
    /// For this venture.
    pub venture: Option<Uuid>,
    /// Asked for by this person.
    pub asked_by: Option<Uuid>,
    /// Asked for then.
    pub queued: Period,
}

/// What jobs can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were asked for.
    #[default]
    QueuedAt,
}

impl List for Jobs {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = NoParent;

    const NAME: &'static str = "jobs";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let of_kinds = |kinds: &BTreeSet<Kind>| Expr::val(kinds.contains(&Kind::GateValidation)).eq(true);
        scope
            .on(Column::PortfolioId)
            .add_option(filter.statuses.as_ref().map(|list| Column::Status.is_in(list)))
            .add_option(filter.kinds.as_ref().map(of_kinds))
            .add_option(filter.venture.map(|id| Column::VentureId.eq(id)))
            .add_option(filter.asked_by.map(|id| Column::RequestedById.eq(id)))
            .add(filter.queued.on(Column::RequestedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::QueuedAt => (Expr::col(Column::RequestedAt.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: NoParent) -> Expr {
        match parent {}
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
