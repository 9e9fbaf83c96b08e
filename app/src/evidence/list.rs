//! The list of evidence.

use std::collections::BTreeSet;

use entity::{
    evidence::{Column, Entity, Model},
    stage_run,
};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, QueryTrait,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use serde::Serialize;

use crate::{Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pieces {}

/// Which evidence; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Of one of these kinds: LINK, TEXT, FILE.
    pub kinds: Option<BTreeSet<String>>,
    /// Of one of these stages.
    pub stages: Option<BTreeSet<u32>>,
    /// Whether it was withdrawn.
    pub withdrawn: Option<bool>,
    /// Submitted then.
    pub submitted: Period,
}

/// What evidence can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When it was submitted.
    #[default]
    SubmittedAt,
}

/// What evidence can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A venture.
    Venture,
}

impl List for Pieces {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "evidence";
    const ID: Column = Column::Id;

    fn rows() -> SelectStatement {
        let run = Expr::col(stage_run::Column::Id.as_column_ref());
        let mut query = Entity::find().into_query();
        query.inner_join(stage_run::Entity, run.eq(Expr::col(Column::StageRunId.as_column_ref())));
        query
    }

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let withdrawn =
            |gone| if gone { Column::WithdrawnAt.is_not_null() } else { Column::WithdrawnAt.is_null() };
        let stages = filter.stages.as_ref();
        scope
            .on(Column::PortfolioId)
            .add_option(filter.kinds.as_ref().map(|list| Column::Kind.is_in(list)))
            .add_option(stages.map(|list| stage_run::Column::Stage.is_in(list.iter().copied())))
            .add_option(filter.withdrawn.map(withdrawn))
            .add(filter.submitted.on(Column::At))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::SubmittedAt => (Expr::col(Column::At.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Venture => Expr::col(stage_run::Column::VentureId.as_column_ref()),
        }
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}
