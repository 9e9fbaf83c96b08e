//! Logs, traces and metrics of this process, installed once at its start.
//!
//! Spans are made whether or not anything collects them, so that every change can record the trace it
//! belongs to; the log filter narrows lines only, never spans. Nothing here decides what is worth a span, a
//! line or a metric: that is written where it happens.

mod lines;
mod metrics;

use std::io::IsTerminal;

use opentelemetry::trace::{SpanContext, TraceContextExt, TracerProvider};
use opentelemetry::{Context, global};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};
use url::Url;

pub use metrics::Metrics;

/// What is logged and where traces go: flatten this into a binary's configuration.
#[derive(clap::Args, Debug, Clone)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// Which log lines are written, as a level or as `target=level` pairs joined by commas
    #[arg(long = "log", env = "VENTURI_LOG", default_value = "info", value_name = "FILTER", value_parser = filter)]
    pub log: String,

    /// How log lines are written
    #[arg(long = "log-format", env = "VENTURI_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    pub log_format: Format,

    /// Base URL of an OpenTelemetry collector that takes OTLP over HTTP; without it traces are not exported
    #[arg(long = "otlp-endpoint", env = "VENTURI_OTLP_ENDPOINT", value_name = "URL", value_parser = collector)]
    pub otlp_endpoint: Option<Url>,
}

/// The shape of a log line.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line, with `trace_id` and `span_id` where the line was written inside a span.
    Json,
}

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The exporter refused its configuration.
    #[error("the trace exporter cannot be built")]
    Exporter(#[from] ExporterBuildError),
    /// The log filter does not parse.
    #[error("the log filter cannot be read")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// This process already has a subscriber or a metrics recorder that is not ours.
    #[error("telemetry is already installed in this process: {0}")]
    Installed(String),
}

impl From<TryInitError> for Error {
    fn from(error: TryInitError) -> Self {
        Self::Installed(error.to_string())
    }
}

/// The AMQP client logs a message that the broker returned whole, body and all.
const NEVER_LOGGED: &str = "lapin::returned_messages=off";

/// Keeps telemetry running. Dropping it sends what was not yet exported, waiting 5 seconds at most.
#[derive(Debug)]
#[must_use = "telemetry stops when the guard is dropped"]
pub struct Guard {
    tracers: SdkTracerProvider,
    metrics: Metrics,
}

impl Guard {
    /// The metrics of this process, for its `/metrics` page.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The subscriber is global and outlives the guard, so a failure can still be told.
        if let Err(error) = self.tracers.shutdown() {
            tracing::warn!(%error, "some traces were not exported");
        }
    }
}

/// Installs logs (to standard error), traces and metrics for the whole process, under `service_name`.
///
/// # Errors
/// A bad filter or endpoint, or telemetry installed twice.
pub fn init(service_name: &'static str, settings: &Settings) -> Result<Guard, Error> {
    let metrics = Metrics::install().map_err(|error| Error::Installed(error.to_string()))?;
    let tracers = tracer_provider(service_name, settings.otlp_endpoint.as_ref())?;
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(tracers.clone());
    let log = EnvFilter::try_new(format!("{},{NEVER_LOGGED}", settings.log))?;
    tracing_subscriber::registry()
        .with(spans(tracers.tracer(service_name)))
        .with(lines(settings.log_format).with_filter(log))
        .try_init()?;
    Ok(Guard { tracers, metrics })
}

/// The id of the trace the caller runs in, as 32 hexadecimal digits; `None` outside every span.
pub fn trace_id() -> Option<String> {
    span_context().map(|span| span.trace_id().to_string())
}

fn span_context() -> Option<SpanContext> {
    let current = Context::map_current(|context| context.span().span_context().clone());
    current.is_valid().then_some(current)
}

fn tracer_provider(service_name: &'static str, collector: Option<&Url>) -> Result<SdkTracerProvider, Error> {
    let resource = Resource::builder().with_service_name(service_name).build();
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(collector) = collector else { return Ok(builder.build()) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", collector.as_str().trim_end_matches('/')))
        .build()?;
    Ok(builder.with_batch_exporter(exporter).build())
}

/// The layer that gives every span of level INFO or above a trace id, leaving out the exporter's own.
fn spans<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let exporter = ["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "opentelemetry_http"];
    let filter = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(exporter.map(|target| (target, LevelFilter::OFF)));
    // Source lines, thread ids and idle times say little of where a request's time went and cost at every poll.
    let layer = tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    layer.with_tracer(tracer).with_filter(filter)
}

fn lines<S>(format: Format) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        Format::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => {
            let fields = tracing_subscriber::fmt::format::JsonFields::new();
            layer.with_ansi(false).fmt_fields(fields).event_format(lines::Json::new()).boxed()
        }
    }
}

fn filter(text: &str) -> Result<String, tracing_subscriber::filter::ParseError> {
    EnvFilter::try_new(text).map(|_| text.to_owned())
}

fn collector(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match (url.scheme(), url.has_host()) {
        ("http", true) => Ok(url),
        _ => Err("give the http:// address of a collector nearby; it speaks TLS for us".to_owned()),
    }
}

/// A subscriber with trace ids and nothing else, for tests that need valid ones without a global subscriber.
///
/// Make it the default of one thread with `tracing::subscriber::set_default`.
pub fn silent() -> impl Subscriber + Send + Sync {
    Registry::default().with(spans(SdkTracerProvider::builder().build().tracer("silent")))
}

#[cfg(test)]
mod tests;
