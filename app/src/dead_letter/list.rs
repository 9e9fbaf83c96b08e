//! The list of dead letters. Its scope is that of an operator.

use std::collections::BTreeSet;

use entity::dead_letter::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;

use crate::{Error, Scope};
use crate::{
    list::{List, NoParent, Period},
    page::Sort,
};

/// Dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadLetters {}

/// Which dead letters; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// From one of these queues.
    pub queues: Option<BTreeSet<String>>,
    /// Of one of these kinds of message.
    pub kinds: Option<BTreeSet<String>>,
    /// Whether they were sent again.
    pub replayed: Option<bool>,
    /// Parked then.
    pub parked: Period,
}

/// What dead letters can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were parked.
    #[default]
    ParkedAt,
}

impl List for DeadLetters {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = NoParent;

    const NAME: &'static str = "dead_letters";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let replayed =
            |sent| if sent { Column::ReplayedAt.is_not_null() } else { Column::ReplayedAt.is_null() };
        scope
            .on(Column::PortfolioId)
            .add_option(filter.queues.as_ref().map(|list| Column::Queue.is_in(list)))
            .add_option(filter.kinds.as_ref().map(|list| Column::Kind.is_in(list)))
            .add_option(filter.replayed.map(replayed))
            .add(filter.parked.on(Column::ParkedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::ParkedAt => (Expr::col(Column::ParkedAt.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: NoParent) -> Expr {
        match parent {}
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
