//! Samples of metrics.

mod list;

use std::sync::Arc;

use app::query::rows;
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

pub(crate) use list::MetricSampleFilter;

use crate::{
    error::optional,
    global_id::{Kind, encode},
    person::Person,
    record::record,
    session::session,
    venture::Venture,
};

/// A sample of a metric.
#[derive(Clone)]
pub(crate) struct MetricSample(Arc<rows::MetricSample>);

record!(MetricSample, rows::MetricSample, scope);

/// Value of a metric of a venture at one time.
#[Object]
impl MetricSample {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::MetricSample, self.0.id)
    }

    /// Venture that was measured.
    async fn venture(&self, ctx: &Context<'_>) -> async_graphql::Result<Venture> {
        session(ctx)?.get(self.0.venture_id).await
    }

    /// Name of the metric, such as `signups.per_day`.
    async fn metric(&self) -> &str {
        &self.0.metric
    }

    /// Time of the measurement.
    async fn time(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Measured value, in the unit of the metric.
    async fn value(&self) -> f64 {
        self.0.value
    }

    /// Person or service that recorded the sample.
    async fn recorded_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(Person::by_name(ctx, self.0.by_person_id)).await
    }

    /// Time of the recording. For a late sample it is long after `time`.
    async fn recorded_at(&self) -> DateTime<Utc> {
        self.0.recorded_at
    }
}
