//! The trace that a request belongs to, carried in messages and written beside what it caused.

use std::collections::BTreeMap;

use opentelemetry::{global, trace::TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// W3C headers of the current span: `traceparent` and, where present, `tracestate`.
pub fn headers() -> BTreeMap<String, String> {
    let mut headers = std::collections::HashMap::new();
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut headers));
    headers.into_iter().collect()
}

/// Makes the current span a child of the span that `headers` name.
pub fn continue_from(span: &Span, headers: &BTreeMap<String, String>) {
    let headers: std::collections::HashMap<_, _> = headers.clone().into_iter().collect();
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&headers));
    // Refused only when the span has started its own trace already, or no exporter layer is there.
    if let Err(reason) = span.set_parent(parent) {
        tracing::trace!(?reason, "no parent span");
    }
}

/// The current trace's id, 32 hex digits; none outside a trace.
pub fn id() -> Option<String> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| span.trace_id().to_string())
}
