//! Webhook deliveries: by id and as a list, for ADMINs, and what is sent, for whoever sends it.

use std::collections::{BTreeSet, HashMap};

use domain::id::{Id, kind};
use entity::{
    webhook_attempt,
    webhook_delivery::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};
use serde::Serialize;
use uuid::Uuid;

use super::{delivery_store, message, store};
use crate::{
    App, Error, Scope,
    list::{List, Period},
    page::Sort,
    query::batch::grouped,
};

/// Webhook deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookDeliveries {}

/// Which deliveries; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Filter {
    /// In one of these statuses.
    pub statuses: Option<BTreeSet<String>>,
    /// Of a message of one of these types.
    pub event_types: Option<BTreeSet<String>>,
    /// Made then.
    pub created: Period,
}

/// What deliveries can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum OrderBy {
    /// When they were made.
    #[default]
    CreatedAt,
}

/// What deliveries belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// An endpoint.
    Endpoint,
}

impl List for WebhookDeliveries {
    type Entity = Entity;
    type Row = Model;
    type Filter = Filter;
    type Order = OrderBy;
    type Parent = Parent;

    const NAME: &'static str = "webhook_deliveries";
    const ID: Column = Column::Id;

    fn condition(scope: &Scope, filter: &Filter, _: DbBackend) -> Condition {
        scope
            .on(Column::PortfolioId)
            .add_option(filter.statuses.as_ref().map(|list| Column::Status.is_in(list)))
            .add_option(filter.event_types.as_ref().map(|list| Column::Kind.is_in(list)))
            .add(filter.created.on(Column::CreatedAt))
    }

    fn sort(order: OrderBy, _: &Filter, _: DbBackend) -> (Expr, Sort) {
        match order {
            OrderBy::CreatedAt => (Expr::col(Column::CreatedAt.as_column_ref()), Sort::Time),
        }
    }

    fn parent(parent: Parent) -> Expr {
        match parent {
            Parent::Endpoint => Expr::col(Column::EndpointId.as_column_ref()),
        }
    }

    /// What was sent last is looked for first.
    fn descends(_: OrderBy) -> bool {
        true
    }

    fn row(model: Model) -> Result<Model, Error> {
        Ok(model)
    }
}

/// The attempts at each delivery, first to last, within scope.
pub async fn attempts_of(
    app: &App,
    scope: &Scope,
    deliveries: &[Uuid],
) -> Result<HashMap<Uuid, Vec<webhook_attempt::Model>>, Error> {
    let rows = webhook_attempt::Entity::find()
        .filter(webhook_attempt::Column::DeliveryId.is_in(deliveries.iter().copied()))
        .filter(scope.on(webhook_attempt::Column::PortfolioId))
        .order_by_asc(webhook_attempt::Column::Number)
        .all(app.database().read())
        .await?;
    Ok(grouped(rows, |row| row.delivery_id))
}

/// What an attempt sends, and by what it signs.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where it goes.
    pub url: String,
    /// The message's id, as the receiver knows it.
    pub message_id: String,
    /// The body.
    pub body: String,
    /// The secrets that sign now.
    pub secrets: Vec<String>,
}

/// What attempt `number` at a delivery sends; none when another one is awaited, or none any more.
pub async fn outgoing(
    app: &App,
    id: Id<kind::WebhookDelivery>,
    number: u32,
) -> Result<Option<Outgoing>, Error> {
    let db = app.database().read();
    let row = delivery_store::find(db, id).await?;
    let delivery = delivery_store::from_row(&row)?;
    if !delivery.awaits(number) {
        return Ok(None);
    }
    let Some(stored) = store::find(db, delivery.endpoint_id).await? else {
        return Ok(None);
    };
    let message = delivery_store::message(db, row.message_id).await?;
    let now = app.clock().now();
    let signing = stored.secrets.iter().filter(|secret| secret.signs(now));
    let secrets = signing.map(|secret| secret.open(app.keyring(), delivery.endpoint_id));
    Ok(Some(Outgoing {
        url: stored.endpoint.settings.url,
        message_id: message::public_id(message.id),
        body: message.body,
        secrets: secrets.collect::<Result<_, _>>()?,
    }))
}
