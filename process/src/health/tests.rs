//! The pages as a router, as a server, and as the probe sees them.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;
use url::Url;

use super::*;

/// What nobody here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn metrics() -> Metrics {
    Metrics::install().unwrap()
}

fn passing(name: &'static str) -> Check {
    Check::new(name, || async { Ok(()) })
}

async fn get_page(router: Router, path: &str) -> (StatusCode, Response, String) {
    let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    (parts.status, Response::from_parts(parts, Body::empty()), text)
}

async fn readiness(checks: Vec<Check>) -> (StatusCode, serde_json::Value) {
    let (status, _, text) = get_page(router(checks, metrics()), "/health/ready").await;
    (status, serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn ready_lists_every_check_in_order() {
    let (status, body) = readiness(vec![passing("database"), passing("broker")]).await;
    assert_eq!(status, StatusCode::OK);
    let expected = serde_json::json!({
        "status": "ready",
        "checks": [{ "name": "database", "ok": true }, { "name": "broker", "ok": true }],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn one_failed_check_is_503_and_its_reason_stays_inside() {
    let failing = Check::new("database", || async { Err("password of hunter2 refused".to_owned()) });
    let (status, body) = readiness(vec![failing, passing("broker")]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["status"], "unready");
    assert_eq!(body["checks"][0], serde_json::json!({ "name": "database", "ok": false, "reason": "failed" }));
    assert_eq!(body["checks"][1]["ok"], true);
    assert!(!body.to_string().contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_a_timeout() {
    let (status, body) = readiness(vec![Check::new("broker", std::future::pending)]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["checks"][0]["reason"], "timeout");
}

#[tokio::test]
async fn live_answers_whatever_the_checks_say_and_metrics_are_text() {
    let failing = Check::new("database", || async { Err("away".to_owned()) });
    let router = router(vec![failing], metrics());
    metrics::counter!("pages_total").increment(1);
    assert_eq!(get_page(router.clone(), "/health/live").await.0, StatusCode::OK);
    let (status, response, text) = get_page(router, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    assert!(text.contains("# TYPE pages_total counter"), "{text}");
}

#[tokio::test]
async fn the_probe_sees_a_server_through_its_life() {
    let (stopping, closing) = (CancellationToken::new(), CancellationToken::new());
    let router = router(vec![Check::accepting(stopping.clone())], metrics());
    let server = serve("127.0.0.1:0".parse().unwrap(), router, PATIENCE, closing.clone()).await.unwrap();
    let url: Url = format!("http://{}/health/ready", server.address()).parse().unwrap();

    probe(&url).await.unwrap();
    stopping.cancel();
    let refused = probe(&url).await.unwrap_err();
    assert!(matches!(&refused, ProbeError::NotWell { answer, .. } if answer.contains("503")), "{refused}");
    closing.cancel();
    server.finished().await.unwrap();
    assert!(matches!(probe(&url).await, Err(ProbeError::Connection { .. })));
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let token = CancellationToken::new();
    let first = serve("127.0.0.1:0".parse().unwrap(), Router::new(), PATIENCE, token.clone()).await.unwrap();
    let error = serve(first.address(), Router::new(), PATIENCE, token).await.unwrap_err();
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
}

#[tokio::test]
async fn only_plain_http_is_probed() {
    for address in ["https://127.0.0.1/health/live", "unix:/run/health"] {
        assert!(matches!(probe(&address.parse().unwrap()).await, Err(ProbeError::Address(_))), "{address}");
    }
}

#[test]
fn workers_listen_on_the_loopback_unless_told_otherwise() {
    #[derive(clap::Parser)]
    struct Sample {
        #[command(flatten)]
        health: Settings,
    }
    let sample = <Sample as clap::Parser>::try_parse_from(["sample"]).unwrap();
    assert_eq!(sample.health.health_listen, "127.0.0.1:9090".parse().unwrap());
}
