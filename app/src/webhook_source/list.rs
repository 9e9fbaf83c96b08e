//! Webhook sources, by id and as a list. They are their portfolio's ADMINs' to see.

use std::collections::BTreeSet;

use entity::webhook_source::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Webhook sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookSources {}

/// Whether events are taken from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Status {
    /// They are.
    Enabled,
    /// They are not, until a person enables it.
    Disabled,
}

impl Status {
    /// Of a source.
    pub fn of(source: &Model) -> Self {
        if source.disabled_at.is_none() { Self::Enabled } else { Self::Disabled }
    }

    fn condition(self) -> Condition {
        let disabled = Column::DisabledAt;
        Condition::all().add(match self {
            Self::Enabled => disabled.is_null(),
            Self::Disabled => disabled.is_not_null(),
        })
    }
}

/// Which sources; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// In one of these statuses.
    pub statuses: Option<BTreeSet<Status>>,
    /// Made then.
    pub created: Period,
}

/// What sources can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were made.
    #[default]
    CreatedAt,
    /// Their name, byte by byte.
    Name,
}

/// What sources belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A portfolio.
    Portfolio,
}

impl List for WebhookSources {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "webhook_sources";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let statuses = filter.statuses.as_ref().map(|statuses| {
            let none = Condition::any().add(Column::Id.is_in::<Uuid, _>([]));
            statuses.iter().fold(none, |any, status| any.add(status.condition()))
        });
        scope.on(Column::PortfolioId).add_option(statuses).add(filter.created.on(Column::CreatedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::CreatedAt => (Expr::col(Column::CreatedAt.as_column_ref()), Sort::Time),
            OrderBy::Name => (Expr::col(Column::Name.as_column_ref()), Sort::Text),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Portfolio => Expr::col(Column::PortfolioId.as_column_ref()),
        }
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
