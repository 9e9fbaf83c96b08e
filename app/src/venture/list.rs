//! The list of ventures.

use std::collections::BTreeSet;

use domain::{Refusal, venture::Venture};
use entity::venture::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Scope, database::search};
use crate::{
    list::{List, Period},
    page::Sort,
};

pub use crate::database::search::Search;

/// Ventures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ventures {}

/// Which ventures; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// One of these.
    pub ids: Option<BTreeSet<Uuid>>,
    /// Of this portfolio.
    pub portfolio: Option<Uuid>,
    /// In one of these statuses: ACTIVE, PAUSED, KILLED, COMPLETED.
    pub statuses: Option<BTreeSet<String>>,
    /// At one of these stages.
    pub stages: Option<BTreeSet<u32>>,
    /// Of this category.
    pub category: Option<String>,
    /// In one of these time zones.
    pub zones: Option<BTreeSet<String>>,
    /// Created then.
    pub created: Period,
    /// Last changed then.
    pub updated: Period,
    /// That have these words.
    pub search: Option<Search>,
}

/// What ventures can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were created.
    #[default]
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// Their name, byte by byte.
    Name,
    /// How well they match the search.
    Relevance,
}

/// What ventures can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A portfolio.
    Portfolio,
}

impl List for Ventures {
    type Entity = Entity;
    type Row = Venture;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "ventures";
    const ID: Column = Column::Id;

    fn usual(filter: &Filter) -> OrderBy {
        if filter.search.is_some() { OrderBy::Relevance } else { OrderBy::default() }
    }

    fn descends(order: OrderBy) -> bool {
        order == OrderBy::Relevance
    }

    fn check(filter: &Filter, order: OrderBy) -> Result<(), Error> {
        if order == OrderBy::Relevance && filter.search.is_none() {
            let message = "nothing is relevant without a search";
            return Err(Refusal::invalid("orderBy.field", message).into());
        }
        Ok(())
    }

    fn condition(scope: &Scope, filter: &Filter, backend: DbBackend) -> Condition {
        scope
            .on(Column::PortfolioId)
            .add_option(filter.ids.as_ref().map(|ids| Column::Id.is_in(ids.iter().copied())))
            .add_option(filter.portfolio.map(|id| Column::PortfolioId.eq(id)))
            .add_option(filter.statuses.as_ref().map(|list| Column::Status.is_in(list)))
            .add_option(filter.stages.as_ref().map(|list| Column::Stage.is_in(list.iter().copied())))
            .add_option(filter.category.as_ref().map(|category| Column::Category.eq(category)))
            .add_option(filter.zones.as_ref().map(|list| Column::Zone.is_in(list)))
            .add(filter.created.on(Column::CreatedAt))
            .add(filter.updated.on(Column::UpdatedAt))
            .add_option(filter.search.as_ref().map(|search| search::matches(backend, search)))
    }

    fn sort(order: OrderBy, filter: &Filter, backend: DbBackend) -> (Expr, Sort) {
        match (order, &filter.search) {
            (OrderBy::Relevance, Some(search)) => (search::relevance(backend, search), Sort::Number),
            // Refused by `check` without a search.
            (OrderBy::CreatedAt | OrderBy::Relevance, _) => {
                (Expr::col(Column::CreatedAt.as_column_ref()), Sort::Time)
            }
            (OrderBy::UpdatedAt, _) => (Expr::col(Column::UpdatedAt.as_column_ref()), Sort::Time),
            (OrderBy::Name, _) => (Expr::col(Column::Name.as_column_ref()), Sort::Text),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Portfolio => Expr::col(Column::PortfolioId.as_column_ref()),
        }
    }

    fn row(model: Model) -> Result<Venture, Error> {
        crate::venture::store::from_row(model)
    }
}
