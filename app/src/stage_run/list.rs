//! The list of stage runs.

use std::collections::BTreeSet;

use entity::stage_run::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;

use crate::{Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Stage runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StageRuns {}

/// Which stage runs; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Of one of these stages.
    pub stages: Option<BTreeSet<u32>>,
    /// In one of these statuses: ENTERING, ACTIVE, COMPLETED, ABANDONED.
    pub statuses: Option<BTreeSet<String>>,
    /// Whether they were found late.
    pub late: Option<bool>,
    /// Opened then.
    pub started: Period,
}

/// What stage runs can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they opened.
    #[default]
    StartedAt,
    /// When their expected days are over.
    DueAt,
}

/// What stage runs can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A venture.
    Venture,
    /// A portfolio: its own runs, not those of its ventures.
    Portfolio,
}

impl List for StageRuns {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "stage_runs";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let late = |late| if late { Column::LateAt.is_not_null() } else { Column::LateAt.is_null() };
        scope
            .on(Column::PortfolioId)
            .add_option(filter.stages.as_ref().map(|list| Column::Stage.is_in(list.iter().copied())))
            .add_option(filter.statuses.as_ref().map(|list| Column::Status.is_in(list)))
            .add_option(filter.late.map(late))
            .add(filter.started.on(Column::StartedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        let column = match order {
            OrderBy::StartedAt => Column::StartedAt,
            OrderBy::DueAt => Column::DueAt,
        };
        (Expr::col(column.as_column_ref()), Sort::Time)
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Venture => Expr::col(Column::VentureId.as_column_ref()),
            // Of a venture's run there is none.
            Parent::Portfolio => {
                Expr::case(Column::VentureId.is_null(), Expr::col(Column::PortfolioId.as_column_ref())).into()
            }
        }
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
