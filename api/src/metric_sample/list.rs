//! How samples are listed.

use app::query::metric_samples::{self, MetricSamples, OrderBy};
use async_graphql::{Enum, InputObject};

use super::MetricSample;
use crate::list::{Filtering, Listing, TimeRange, period, set};

/// Conditions on samples. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct MetricSampleFilter {
    /// Names of metrics, at most 100.
    metrics: Option<Vec<String>>,
    /// Measured in this range.
    time: Option<TimeRange>,
}

impl Filtering for MetricSampleFilter {
    type List = MetricSamples;

    fn checked(self) -> async_graphql::Result<metric_samples::Filter> {
        Ok(metric_samples::Filter {
            metrics: set("metrics", self.metrics, |metric| metric)?,
            at: period("time", self.time)?,
        })
    }
}

/// Field to sort samples by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum MetricSampleOrderField {
    /// Time of the measurement.
    Time,
}

impl Listing for MetricSamples {
    type Node = MetricSample;
    type By = MetricSampleFilter;
    type OrderField = MetricSampleOrderField;

    const CONNECTION: &'static str = "MetricSampleConnection";
    const EDGE: &'static str = "MetricSampleEdge";
    const ORDER: &'static str = "MetricSampleOrder";
}
