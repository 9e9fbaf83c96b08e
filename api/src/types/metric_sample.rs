//! Samples of metrics.

use std::sync::Arc;

use app::query::rows;
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{gate_run::person, person::Person, venture::Venture};
use crate::{
    error::{not_found, optional},
    global_id::{Kind, encode},
    loader::VentureKey,
    session::session,
};

/// A value of a venture's metric at a time.
pub(crate) struct MetricSample(pub(crate) Arc<rows::MetricSample>);

/// A value of a venture's metric at a time.
#[Object]
impl MetricSample {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::MetricSample, self.0.id)
    }

    /// The venture that was measured.
    async fn venture(&self, ctx: &Context<'_>) -> async_graphql::Result<Venture> {
        let found = session(ctx)?.load(VentureKey(self.0.venture_id)).await?;
        found.map(Venture).ok_or_else(|| not_found("the venture"))
    }

    /// The metric's name, such as `signups.per_day`.
    async fn metric(&self) -> &str {
        &self.0.metric
    }

    /// When it was measured.
    async fn time(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What was measured, in the unit that the metric's name stands for.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// Who recorded it.
    async fn recorded_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async { person(ctx, self.0.by_person_id).await }).await
    }

    /// When it was recorded; a late sample long after its time.
    async fn recorded_at(&self) -> DateTime<Utc> {
        self.0.recorded_at
    }
}
