//! What a process answers when asked how it is: `/health/live`, `/health/ready`, `/metrics`.
//!
//! Live means the runtime turns; ready means every check the binary handed in passes right now. Reasons go to
//! the log, never into an answer: these pages ask nobody who they are. What is checked is not known here.

mod patience;
mod probe;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::telemetry::Metrics;

pub use probe::{ProbeError, probe};
pub use server::{Server, serve};

/// How long one check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a worker answers: flatten this into its configuration.
#[derive(clap::Args, Debug, Clone)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// Address of the health and metrics pages
    #[arg(long, env = "VENTURI_HEALTH_LISTEN", default_value = "127.0.0.1:9090", value_name = "ADDRESS")]
    pub health_listen: SocketAddr,
}

/// One named condition of being ready. The error says why not, for the log.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    run: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl Check {
    /// A check that runs `run` each time readiness is asked for.
    pub fn new<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, run: Arc::new(move || run().boxed()) }
    }

    /// Passes until `shutdown` is cancelled, so that a load balancer looks elsewhere while work drains.
    pub fn accepting(shutdown: CancellationToken) -> Self {
        Self::new("accepting", move || {
            let stopping = shutdown.is_cancelled();
            async move { if stopping { Err("stopping".to_owned()) } else { Ok(()) } }
        })
    }

    async fn outcome(&self) -> Outcome {
        let reason = match tokio::time::timeout(CHECK_TIMEOUT, (self.run)()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(("failed", error)),
            Err(_) => Some(("timeout", format!("no answer within {} s", CHECK_TIMEOUT.as_secs()))),
        };
        if let Some((_, error)) = &reason {
            tracing::warn!(check = self.name, error, "not ready");
        }
        Outcome { name: self.name, ok: reason.is_none(), reason: reason.map(|(word, _)| word) }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    checks: Vec<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// The three pages, to be merged into a larger router or served alone.
///
/// `/health/live` answers 200; `/health/ready` runs all checks at once and answers 200 or 503;
/// `/metrics` is Prometheus' text format.
pub fn router(checks: Vec<Check>, metrics: Metrics) -> Router {
    let checks: Arc<[Check]> = checks.into();
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready).with_state(checks))
        .route("/metrics", get(exposition).with_state(metrics))
}

async fn live() -> Response {
    answer(StatusCode::OK, Readiness { status: "live", checks: Vec::new() })
}

async fn ready(State(checks): State<Arc<[Check]>>) -> Response {
    let checks = join_all(checks.iter().map(Check::outcome)).await;
    if checks.iter().all(|check| check.ok) {
        answer(StatusCode::OK, Readiness { status: "ready", checks })
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, Readiness { status: "unready", checks })
    }
}

fn answer(status: StatusCode, readiness: Readiness) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(readiness)).into_response()
}

async fn exposition(State(metrics): State<Metrics>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}

#[cfg(test)]
mod tests;
