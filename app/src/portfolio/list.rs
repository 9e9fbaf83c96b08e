//! The list of portfolios.

use std::collections::BTreeSet;

use entity::portfolio::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Scope};
use crate::{
    list::{List, NoParent, Period},
    page::Sort,
};

/// Portfolios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Portfolios {}

/// Which portfolios; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// One of these.
    pub ids: Option<BTreeSet<Uuid>>,
    /// With one of these short names.
    pub slugs: Option<BTreeSet<String>>,
    /// Created then.
    pub created: Period,
}

/// What portfolios can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// Their short name, byte by byte.
    #[default]
    Slug,
    /// When they were created.
    CreatedAt,
}

impl List for Portfolios {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = NoParent;

    const NAME: &'static str = "portfolios";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        scope
            .on(Column::Id)
            .add_option(filter.ids.as_ref().map(|ids| Column::Id.is_in(ids.iter().copied())))
            .add_option(filter.slugs.as_ref().map(|list| Column::Slug.is_in(list)))
            .add(filter.created.on(Column::CreatedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::Slug => (Expr::col(Column::Slug.as_column_ref()), Sort::Text),
            OrderBy::CreatedAt => (Expr::col(Column::CreatedAt.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: NoParent) -> Expr {
        match parent {}
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
