//! The metrics of this process, and their text for Prometheus.
//!
//! Whoever counts or times something uses the `metrics` macros where it happens; here is only the recorder
//! that keeps the numbers and the buckets durations fall into.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds for every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);

/// A handle to the recorded metrics; clones show the same numbers.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Installs the process's recorder, or answers with the one installed before.
    ///
    /// # Errors
    /// Another recorder, not made here, is installed already.
    pub fn install() -> Result<Self, BuildError> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = &*installed {
            return Ok(metrics.clone());
        }
        let metrics = Self(builder()?.install_recorder()?);
        *installed = Some(metrics.clone());
        Ok(metrics)
    }

    /// Everything recorded so far, in Prometheus' text format 0.0.4.
    pub fn render(&self) -> String {
        // Without it values of histograms pile up between two scrapes.
        self.0.run_upkeep();
        self.0.render()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Metrics")
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_install_shows_the_same_numbers_and_durations_fall_into_buckets() {
        let first = Metrics::install().unwrap();
        let second = Metrics::install().unwrap();
        metrics::counter!("turns_total").increment(3);
        metrics::histogram!("turn_seconds").record(0.02);
        assert!(first.render().contains("turns_total 3"));
        let text = second.render();
        assert!(text.contains(r#"turn_seconds_bucket{le="0.01"} 0"#), "{text}");
        assert!(text.contains(r#"turn_seconds_bucket{le="0.025"} 1"#), "{text}");
    }
}
