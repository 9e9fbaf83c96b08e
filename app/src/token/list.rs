//! API tokens: their records, by id and as a list.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{Role, id::Id};
use entity::{
    member, person,
    token::{Column, Entity, Model},
};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RelationDef, sea_query::Expr,
};
use serde::Serialize;
use uuid::Uuid;

use super::store;
use crate::{Actor, App, Error, Scope, actor::Person};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// API tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tokens {}

/// Whether a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Status {
    /// It is.
    Active,
    /// It ended by itself.
    Expired,
    /// It was revoked.
    Revoked,
}

impl Status {
    /// Of a token, at a time.
    pub fn of(token: &Model, now: DateTime<Utc>) -> Self {
        match (token.revoked_at, token.expires_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(end)) if end <= now => Self::Expired,
            (None, _) => Self::Active,
        }
    }

    fn condition(self, now: DateTime<Utc>) -> Condition {
        match self {
            Self::Active => store::good(now),
            Self::Expired => {
                Condition::all().add(Column::RevokedAt.is_null()).add(Column::ExpiresAt.lte(now))
            }
            Self::Revoked => Condition::all().add(Column::RevokedAt.is_not_null()),
        }
    }
}

/// Which tokens; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// In one of these statuses.
    pub statuses: Option<BTreeSet<Status>>,
    /// Made then.
    pub created: Period,
    /// Whose they are.
    pub whose: Whose,
    /// When the statuses are to hold: now. A cursor is good still when it is later.
    #[serde(skip)]
    pub at: DateTime<Utc>,
}

/// Whose tokens are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Whose {
    /// Those bound to the portfolios in scope.
    #[default]
    Portfolios,
    /// Those of a person, bound or not.
    Person {
        /// The person.
        id: Uuid,
        /// The only one of them that is reached, by itself.
        only: Option<Uuid>,
    },
}

impl Whose {
    /// The caller's own, as far as what they signed in with reaches.
    pub fn own(person: &Person) -> Self {
        Self::Person { id: person.id.uuid(), only: person.credential.only_token().map(Id::uuid) }
    }
}

/// What tokens can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were made.
    #[default]
    CreatedAt,
}

/// What tokens belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// The portfolio they are bound to.
    Portfolio,
}

impl List for Tokens {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "tokens";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let whose = match filter.whose {
            Whose::Portfolios => scope.on(Column::PortfolioId),
            Whose::Person { id, only } => {
                Condition::all().add(Column::PersonId.eq(id)).add_option(only.map(|only| Column::Id.eq(only)))
            }
        };
        let statuses = filter.statuses.as_ref().map(|statuses| {
            let none = Condition::any().add(Column::Id.is_in::<Uuid, _>([]));
            statuses.iter().fold(none, |any, status| any.add(status.condition(filter.at)))
        });
        whose.add_option(statuses).add(filter.created.on(Column::CreatedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::CreatedAt => (Expr::col(Column::CreatedAt.as_column_ref()), Sort::Time),
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

/// Tokens by id: the caller's own, and those bound to the portfolios they are ADMIN of.
pub async fn by_ids(app: &App, actor: &Actor, ids: &[Uuid]) -> Result<HashMap<Uuid, Model>, Error> {
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).filter(store::visible(actor));
    let rows = query.all(app.database().read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The roles a token is held to; none: all of its holder's.
pub fn roles(token: &Model) -> Result<Option<Vec<Role>>, Error> {
    Ok(token.roles.clone().map(serde_json::from_value).transpose()?)
}

/// The tokens that reach a portfolio, with their holders' handles, by when they were made: those bound to
/// it, and those of its members that are bound to none. For whoever runs the system.
pub async fn reaching(app: &App, portfolio: Uuid) -> Result<Vec<(Model, String)>, Error> {
    let members = member::Entity::find()
        .select_only()
        .column(member::Column::PersonId)
        .filter(member::Column::PortfolioId.eq(portfolio))
        .into_query();
    let unbound =
        Condition::all().add(Column::PortfolioId.is_null()).add(Column::PersonId.in_subquery(members));
    let holder: RelationDef =
        Entity::belongs_to(person::Entity).from(Column::PersonId).to(person::Column::Id).into();
    let rows = Entity::find()
        .join(JoinType::InnerJoin, holder)
        .select_also(person::Entity)
        .filter(Condition::any().add(Column::PortfolioId.eq(portfolio)).add(unbound))
        .order_by_asc(Column::CreatedAt)
        .all(app.database().read())
        .await?;
    let handle = |person: Option<person::Model>| person.map(|person| person.handle).unwrap_or_default();
    Ok(rows.into_iter().map(|(token, person)| (token, handle(person))).collect())
}
