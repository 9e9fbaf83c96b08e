//! Webhook events, by id and as a list. They are their portfolio's ADMINs' to see.

use std::collections::BTreeSet;

use domain::webhook_source::EventStatus;
use entity::webhook_event::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};
use serde::Serialize;

use crate::{Error, Scope, commands::WebhookRecord};
use crate::{
    list::{List, Period},
    page::Sort,
};

/// Webhook events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookEvents {}

/// Which events; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// In one of these statuses.
    pub statuses: Option<BTreeSet<EventStatus>>,
    /// Of one of these types.
    pub types: Option<BTreeSet<String>>,
    /// Sent under one of these ids.
    pub webhook_ids: Option<BTreeSet<String>>,
    /// That came then.
    pub received: Period,
}

/// What events can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they came.
    #[default]
    ReceivedAt,
}

/// What events belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// The source that sent them.
    Source,
}

impl List for WebhookEvents {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "webhook_events";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        let statuses = filter.statuses.as_ref();
        scope
            .on(Column::PortfolioId)
            .add_option(statuses.map(|list| Column::Status.is_in(list.iter().map(|status| status.name()))))
            .add_option(filter.types.as_ref().map(|list| Column::EventType.is_in(list)))
            .add_option(filter.webhook_ids.as_ref().map(|list| Column::WebhookId.is_in(list)))
            .add(filter.received.on(Column::ReceivedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::ReceivedAt => (Expr::col(Column::ReceivedAt.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Source => Expr::col(Column::SourceId.as_column_ref()),
        }
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}

/// The record that an event led to.
pub fn record(event: &Model) -> Result<Option<WebhookRecord>, Error> {
    Ok(event.record.clone().map(serde_json::from_value).transpose()?)
}
