//! Webhook endpoints, by id and as a list; for ADMINs.

use std::collections::HashMap;

use domain::webhook::Settings;
use entity::webhook_endpoint::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{Expr, SelectStatement},
};
use serde::Serialize;
use uuid::Uuid;

use super::store;
use crate::{App, Error, Scope};
use crate::{
    list::{List, Period},
    page::Sort,
};

pub use super::store::Sealed;

/// Webhook endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookEndpoints {}

/// Which endpoints; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// Whether they are told of events.
    pub enabled: Option<bool>,
    /// Whether every attempt has failed of late.
    pub failing: Option<bool>,
    /// Made then.
    pub created: Period,
}

/// What endpoints can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were made.
    #[default]
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// What endpoints belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A portfolio.
    Portfolio,
}

impl List for WebhookEndpoints {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "webhook_endpoints";
    const ID: Column = Column::Id;

    fn rows() -> SelectStatement {
        Entity::find().filter(Column::DeletedAt.is_null()).into_query()
    }

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let none = |column: Column, none: bool| if none { column.is_null() } else { column.is_not_null() };
        scope
            .on(Column::PortfolioId)
            .add_option(filter.enabled.map(|enabled| none(Column::DisabledReason, enabled)))
            .add_option(filter.failing.map(|failing| none(Column::FailingSince, !failing)))
            .add(filter.created.on(Column::CreatedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        let column = match order {
            OrderBy::CreatedAt => Column::CreatedAt,
            OrderBy::UpdatedAt => Column::UpdatedAt,
        };
        (Expr::col(column.as_column_ref()), Sort::Time)
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

/// Endpoints by id that were not deleted, within scope.
pub async fn by_ids(app: &App, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, Model>, Error> {
    let rows = crate::record::by_ids::<Model>(scope, ids).filter(Column::DeletedAt.is_null());
    Ok(crate::record::keyed(rows.all(app.database().read()).await?))
}

/// What a person set of an endpoint, and what is known of its secrets that sign now.
pub fn parts(app: &App, row: &Model) -> Result<(Settings, Vec<Sealed>), Error> {
    let stored = store::from_row(row.clone())?;
    let now = app.clock().now();
    Ok((stored.endpoint.settings, stored.secrets.into_iter().filter(|secret| secret.signs(now)).collect()))
}
