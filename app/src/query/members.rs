//! Members of portfolios, by id and as a list.

use std::collections::{BTreeSet, HashMap};

use domain::{Role, member::PersonKind};
use entity::{
    member::{Column, Entity, Model},
    person,
};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait,
    RelationDef,
    sea_query::{Expr, SelectStatement},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    list::{List, Period},
    page::Sort,
};
use crate::{App, Error, Scope, database, store};

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

/// Members by id, within scope.
pub async fn by_ids(app: &App, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, Model>, Error> {
    let query =
        Entity::find().filter(Column::Id.is_in(ids.iter().copied())).filter(scope.on(Column::PortfolioId));
    let rows = query.all(app.database().read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The roles of a member.
pub fn roles(member: &Model) -> Result<Vec<Role>, Error> {
    store::member::roles(member)
}
