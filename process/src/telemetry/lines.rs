//! Log lines as JSON, each naming the trace and span it was written in.
//!
//! The layout is `tracing-subscriber`'s own; only the two ids are put in front, because its formatter knows
//! the names of spans and nothing of OpenTelemetry. No field is renamed, dropped or redacted here.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, time::SystemTime};
use tracing_subscriber::registry::LookupSpan;

use super::span_context;

/// Formats an event as one JSON object.
pub(super) struct Json(format::Format<format::Json, SystemTime>);

impl Json {
    pub(super) fn new() -> Self {
        Self(format::format().json().flatten_event(true).with_current_span(true).with_span_list(false))
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(span) = span_context() else { return self.0.format_event(context, writer, event) };
        let mut line = String::with_capacity(512);
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let rest = line.strip_prefix('{').ok_or(fmt::Error)?;
        write!(writer, r#"{{"trace_id":"{}","span_id":"{}",{rest}"#, span.trace_id(), span.span_id())
    }
}
