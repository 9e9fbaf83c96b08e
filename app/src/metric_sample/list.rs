//! Samples of metrics, by id and as a list.

use std::collections::BTreeSet;

use entity::metric_sample::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;

use crate::{Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricSamples {}

/// Which samples; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Of one of these metrics.
    pub metrics: Option<BTreeSet<String>>,
    /// Measured then.
    pub at: Period,
}

/// What samples can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were measured.
    #[default]
    Time,
}

/// What samples belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A venture.
    Venture,
}

impl List for MetricSamples {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "metric_samples";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        scope
            .on(Column::PortfolioId)
            .add_option(filter.metrics.as_ref().map(|list| Column::Metric.is_in(list)))
            .add(filter.at.on(Column::At))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::Time => (Expr::col(Column::At.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Venture => Expr::col(Column::VentureId.as_column_ref()),
        }
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
