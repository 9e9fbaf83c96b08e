//! The HTTP face: routes, and what holds for all of them.

mod answer;
mod auth;
mod client;
mod cors;
mod execution;
mod files;
mod graphql;
mod live;
mod media;
mod request;
mod sse;
mod webhooks;
mod ws;

use std::{sync::Arc, time::Duration};

use app::{App, trace};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    routing::{get, post},
};
use domain::evidence::MAX_FILE_BYTES;
use tokio_util::sync::CancellationToken;
use tower_http::{
    compression::CompressionLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tracing::Span;

use crate::{Profile, Schema, Settings, explorer, settings, throttle::Throttle};
pub use cors::{InvalidOrigin, Origin};
pub(crate) use live::Connections;

/// What every handler has.
struct Gateway {
    app: App,
    schema: Schema,
    profile: Profile,
    throttle: Throttle,
    trusted_proxies: u8,
    request_timeout: Duration,
    max_batch: usize,
    max_message_bytes: usize,
    live: settings::Live,
    connections: Connections,
}

/// What a request may take beyond its execution, for reading and writing bodies.
const GRACE: Duration = Duration::from_secs(5);
/// The header that names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The gateway's routes, whose subscriptions last as long as they are watched.
pub fn router(app: App, schema: Schema, settings: &Settings) -> Router {
    let connections = Connections::new(settings.live.max_connections, CancellationToken::new());
    router_with(app, schema, settings, connections)
}

/// The gateway's routes, whose subscriptions are among `connections` and end with them.
pub(crate) fn router_with(app: App, schema: Schema, settings: &Settings, connections: Connections) -> Router {
    let request_timeout = settings.request_timeout();
    // The schema's own: documents and files are charged to the same buckets.
    let throttle = schema.data::<Throttle>().cloned();
    let throttle = throttle.unwrap_or_else(|| Throttle::new(&settings.throttling, &settings.webhooks));
    let gateway = Gateway {
        app,
        schema,
        profile: settings.profile,
        throttle,
        trusted_proxies: settings.throttling.trusted_proxies,
        request_timeout,
        max_batch: settings.max_batch.into(),
        max_message_bytes: settings.max_body_bytes,
        live: settings.live.clone(),
        connections,
    };
    let timeout = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, request_timeout + GRACE);
    // What answers once; streams stay open and are neither timed nor compressed.
    let mut answering = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/files", post(files::upload).layer(DefaultBodyLimit::max(MAX_FILE_BYTES)))
        .route("/files/{id}", get(files::download))
        .route(
            "/webhooks/{source}",
            post(webhooks::receive).layer(DefaultBodyLimit::max(settings.webhooks.max_webhook_bytes)),
        )
        .layer(timeout)
        .layer(CompressionLayer::new());
    if settings.profile == Profile::Development {
        answering = answering
            .route("/", get(explorer::page))
            .route("/explorer/{*path}", get(explorer::file).layer(CompressionLayer::new()));
    }
    let nosniff = HeaderValue::from_static("nosniff");
    answering
        .route("/graphql/stream", get(sse::get).post(sse::post))
        .layer(DefaultBodyLimit::max(settings.max_body_bytes))
        .layer(cors::layer(settings))
        .layer(SetResponseHeaderLayer::if_not_present(header::X_CONTENT_TYPE_OPTIONS, nosniff))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(Arc::new(gateway))
}

/// The request's span, under the caller's trace if it sent one.
fn span(request: &Request) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!(
        "http",
        method = %request.method(),
        path = request.uri().path(),
        request_id = id.chars().take(100).collect::<String>(),
    );
    let text =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let headers = ["traceparent", "tracestate"].into_iter();
    let headers = headers.filter_map(|name| text(name).map(|value| (name.to_owned(), value))).collect();
    trace::continue_from(&span, &headers);
    span
}
