//! Rows that belong to a portfolio, and the finders that are the same for all of them: by id, within a scope.

use std::collections::HashMap;

use domain::{
    id::{Id, kind},
    stage_run::StageRun,
    venture::Venture,
};
use entity::{
    attestation, evidence, file, gate_run, history, member, metric_sample, portfolio, stage_run, venture,
    webhook_delivery, webhook_endpoint, webhook_event, webhook_message, webhook_source,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect, Select,
    sea_query::LockType,
};
use uuid::Uuid;

use crate::{Error, Scope};

/// A row that belongs to a portfolio.
pub trait Owned: ModelTrait<Entity: EntityTrait<Model = Self>> {
    /// What its id is of.
    type Kind;
    /// Its key.
    const ID: ColumnOf<Self>;
    /// The portfolio that it belongs to.
    const PORTFOLIO: ColumnOf<Self>;

    /// Its id.
    fn id(&self) -> Uuid;
}

/// A column of a row's table.
type ColumnOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

macro_rules! owned {
    ($($table:ident: $kind:ty, by $portfolio:ident;)*) => { $(
        impl Owned for $table::Model {
            type Kind = $kind;
            const ID: $table::Column = $table::Column::Id;
            const PORTFOLIO: $table::Column = $table::Column::$portfolio;

            fn id(&self) -> Uuid {
                self.id
            }
        }
    )* };
}

owned! {
    attestation: kind::Attestation, by PortfolioId;
    evidence: kind::Evidence, by PortfolioId;
    file: kind::File, by PortfolioId;
    gate_run: kind::GateRun, by PortfolioId;
    history: kind::Event, by PortfolioId;
    member: kind::Member, by PortfolioId;
    metric_sample: kind::MetricSample, by PortfolioId;
    portfolio: kind::Portfolio, by Id;
    stage_run: StageRun, by PortfolioId;
    venture: Venture, by PortfolioId;
    webhook_delivery: kind::WebhookDelivery, by PortfolioId;
    webhook_endpoint: kind::WebhookEndpoint, by PortfolioId;
    webhook_event: kind::WebhookEvent, by PortfolioId;
    webhook_message: kind::WebhookMessage, by PortfolioId;
    webhook_source: kind::WebhookSource, by PortfolioId;
}

/// The row of an id, within scope.
pub(crate) fn by_id<M: Owned>(scope: &Scope, id: Id<M::Kind>) -> Select<M::Entity> {
    M::Entity::find().filter(M::ID.eq(id.uuid())).filter(scope.on(M::PORTFOLIO))
}

/// The rows of many ids, within scope.
pub(crate) fn by_ids<M: Owned>(scope: &Scope, ids: &[Uuid]) -> Select<M::Entity> {
    M::Entity::find().filter(M::ID.is_in(ids.iter().copied())).filter(scope.on(M::PORTFOLIO))
}

/// Reads a row, within scope.
pub(crate) async fn find<M: Owned>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<M::Kind>,
) -> Result<M, Error> {
    by_id::<M>(scope, id).one(db).await?.ok_or(Error::NotFound)
}

/// Reads a row, within scope, and locks it until the transaction ends.
pub(crate) async fn lock<M: Owned>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<M::Kind>,
) -> Result<M, Error> {
    by_id::<M>(scope, id).lock(LockType::Update).one(db).await?.ok_or(Error::NotFound)
}

/// The portfolio of a row that is within scope.
pub(crate) async fn portfolio_of<M: Owned>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<M::Kind>,
) -> Result<Id<kind::Portfolio>, Error> {
    let query = by_id::<M>(scope, id).select_only().column(M::PORTFOLIO);
    let found: Option<Uuid> = query.into_tuple().one(db).await?;
    found.map(Id::new).ok_or(Error::NotFound)
}

/// Rows under their ids.
pub(crate) fn keyed<M: Owned>(rows: Vec<M>) -> HashMap<Uuid, M> {
    rows.into_iter().map(|row| (row.id(), row)).collect()
}
