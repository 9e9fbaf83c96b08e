//! Members of portfolios, by id and as a list.

use std::collections::BTreeSet;

use domain::{Role, member::PersonKind};
use entity::{
    member::{Column, Entity, Model},
    person,
};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, JoinType, QuerySelect, QueryTrait, RelationDef,
    sea_query::{Expr, SelectStatement},
};
use serde::Serialize;

use super::store;
use crate::{Error, Scope, database};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Members {}

/// Which members; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Holding one of these roles.
    pub roles: Option<BTreeSet<String>>,
    /// Of this kind.
    pub kind: Option<PersonKind>,
    /// Who joined then.
    pub joined: Period,
}

/// What members can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// Their handle, byte by byte.
    #[default]
    Handle,
    /// When they joined.
    JoinedAt,
}

/// What members belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A portfolio.
    Portfolio,
}

impl List for Members {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "members";
    const ID: Column = Column::Id;

    fn rows() -> SelectStatement {
        let person: RelationDef =
            Entity::belongs_to(person::Entity).from(Column::PersonId).to(person::Column::Id).into();
        Entity::find().join(JoinType::InnerJoin, person).into_query()
    }

    fn condition(scope: &Scope, filter: &Filter, backend: DbBackend) -> Condition {
        let roles = |roles: &BTreeSet<String>| {
            database::holds_one_of(backend, ("member", "roles"), roles.iter().cloned())
        };
        scope
            .on(Column::PortfolioId)
            .add_option(filter.roles.as_ref().map(roles))
            .add_option(filter.kind.map(|kind| person::Column::Kind.eq(kind.name())))
            .add(filter.joined.on(Column::JoinedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::Handle => (Expr::col(person::Column::Handle.as_column_ref()), Sort::Text),
            OrderBy::JoinedAt => (Expr::col(Column::JoinedAt.as_column_ref()), Sort::Time),
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

/// The roles of a member.
pub fn roles(member: &Model) -> Result<Vec<Role>, Error> {
    store::roles(member)
}
