//! Samples of metrics.

pub mod list;
pub(crate) mod record_metric_sample;
pub(crate) mod store;

use crate::command::commands;

commands! {
    record_metric_sample { RecordMetricSample }
}
