//! The list of events: the history of a root.

use std::collections::BTreeSet;

use entity::history::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;

use crate::{Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Events {}

/// Which events; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Of one of these wire names.
    pub kinds: Option<BTreeSet<String>>,
    /// With a greater sequence number.
    pub after_sequence: Option<i64>,
    /// That happened then.
    pub at: Period,
}

/// What events can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// Their number in the history.
    #[default]
    Sequence,
}

/// What events can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A root: a venture or a portfolio.
    Root,
}

impl List for Events {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "events";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        scope
            .on(Column::PortfolioId)
            .add_option(filter.kinds.as_ref().map(|list| Column::Kind.is_in(list)))
            .add_option(filter.after_sequence.map(|number| Column::Sequence.gt(number)))
            .add(filter.at.on(Column::At))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::Sequence => (Expr::col(Column::Sequence.as_column_ref()), Sort::Number),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Root => Expr::col(Column::RootId.as_column_ref()),
        }
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
