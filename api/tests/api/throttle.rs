//! Who asks too much waits: by cost for each token, by address without one, and by address for bad tokens. Time
//! is the test's own.

use api::{Settings, Throttling};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    gateway::{Answer, Gateway, code, graphql, signed},
    sockets::{Came, Socket},
};

/// Costs 21.
const PAGE: &str = "{ ventures { nodes { id } } }";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// A hundred at once, ten restored each second, behind one proxy.
async fn throttled() -> Gateway {
    let throttling = Throttling {
        cost_capacity: 100,
        cost_restore_per_s: 10,
        max_bad_tokens: 3,
        trusted_proxies: 1,
        ..Throttling::default()
    };
    Gateway::told(Settings { throttling, ..Settings::default() }).await
}

async fn send(gateway: &Gateway, token: Option<&str>, query: &str) -> Answer {
    gateway.send(graphql("/graphql", token, query, &json!({}))).await
}

/// A request that came through the proxy from an address.
fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
    request
}

fn available(answer: &Answer) -> u64 {
    answer.json()["extensions"]["cost"]["bucket"]["available"].as_u64().unwrap()
}

fn ratelimit(answer: &Answer) -> (&str, &str) {
    let text = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
    (text("ratelimit-policy"), text("ratelimit"))
}

#[tokio::test]
async fn the_query_the_headers_and_the_extensions_agree() {
    let gateway = throttled().await;
    let query = "{ rateLimit { limit remaining restorePerSecond cost resetAt } ventures(first: 10) { nodes { id } } }";
    for (remaining, reset) in [(88, "2026-03-02T09:00:01.200+00:00"), (76, "2026-03-02T09:00:02.400+00:00")] {
        let answer = send(&gateway, gateway.token("VIEWER"), query).await;
        let json = answer.json();
        let told = json!({ "limit": 100, "remaining": remaining, "restorePerSecond": 10, "cost": 12, "resetAt": reset });
        assert_eq!(json["data"]["rateLimit"], told);
        let cost = json!({
            "requested": 12,
            "charged": 12,
            // More than there is to have cannot be asked for.
            "limit": 100,
            "bucket": { "maximum": 100, "available": remaining, "restoreRate": 10 },
        });
        assert_eq!(json["extensions"]["cost"], cost);
        let seconds = if remaining == 88 { 2 } else { 3 };
        let left = format!("\"cost\";r={remaining};t={seconds}");
        assert_eq!(ratelimit(&answer), ("\"cost\";q=100;w=10", left.as_str()));
    }
}

#[tokio::test]
async fn a_token_waits_until_there_is_enough_again() {
    let gateway = throttled().await;
    let viewer = gateway.token("VIEWER");
    for left in [79, 58, 37, 16] {
        let answer = send(&gateway, viewer, PAGE).await;
        assert_eq!((answer.status, available(&answer)), (StatusCode::OK, left));
    }
    let refused = async |wait_ms: i64| {
        for media in ["application/json", GRAPHQL_RESPONSE] {
            let mut request = graphql("/graphql", viewer, PAGE, &json!({}));
            request.headers_mut().insert(header::ACCEPT, media.parse().unwrap());
            let answer = gateway.send(request).await;
            let json = answer.json();
            assert_eq!((answer.status, code(&json)), (StatusCode::TOO_MANY_REQUESTS, "THROTTLED"));
            assert_eq!(json["errors"][0]["extensions"]["retryAfterMs"], wait_ms, "{json}");
            assert_eq!(answer.header(header::RETRY_AFTER), "1");
            assert!(json.get("data").is_none());
            let cost = &json["extensions"]["cost"];
            assert_eq!((&cost["requested"], &cost["charged"]), (&json!(21), &json!(0)));
        }
    };
    // Five are lacking, and half a second restores them.
    refused(500).await;
    gateway.world.clock.advance(Duration::milliseconds(499));
    refused(1).await;
    assert_eq!(send(&gateway, gateway.token("LEAD"), PAGE).await.status, StatusCode::OK, "another's token");
    assert_eq!(
        send(&gateway, viewer, "{ viewer { name } }").await.status,
        StatusCode::OK,
        "something cheaper"
    );
    gateway.world.clock.advance(Duration::milliseconds(101));
    let answer = send(&gateway, viewer, PAGE).await;
    assert_eq!((answer.status, available(&answer)), (StatusCode::OK, 0));
    gateway.world.clock.advance(Duration::days(1));
    assert_eq!(available(&send(&gateway, viewer, PAGE).await), 79);
}

#[tokio::test]
async fn what_is_not_run_is_charged_too() {
    let gateway = throttled().await;
    let viewer = gateway.token("VIEWER");
    for left in (0..100).rev() {
        let query = if left % 2 == 0 { "{ viewer {" } else { "{ nothing }" };
        let answer = send(&gateway, viewer, query).await;
        assert_eq!((answer.status, available(&answer)), (StatusCode::OK, left));
    }
    for query in ["{ viewer {", "{ nothing }", PAGE] {
        let answer = send(&gateway, viewer, query).await;
        assert_eq!(
            (answer.status, code(&answer.json())),
            (StatusCode::TOO_MANY_REQUESTS, "THROTTLED"),
            "{query}"
        );
    }
    let mut frames = gateway.watch(viewer, PAGE).await;
    assert_eq!(code(&frames.next().await.unwrap().1), "THROTTLED");
}

#[tokio::test]
async fn nobody_waits_by_address() {
    let gateway = throttled().await;
    let ask = async |address| {
        let answer = gateway
            .send(from(address, graphql("/graphql", None, "{ __schema { description } }", &json!({}))))
            .await;
        (answer.status, available(&answer))
    };
    for left in (0..10).rev() {
        assert_eq!(ask("203.0.113.7").await, (StatusCode::OK, left * 10));
    }
    assert_eq!(ask("203.0.113.7").await, (StatusCode::TOO_MANY_REQUESTS, 0));
    assert_eq!(
        ask("198.51.100.1, 203.0.113.7").await.0,
        StatusCode::TOO_MANY_REQUESTS,
        "what a caller adds is no address"
    );
    assert_eq!(ask("203.0.113.8").await, (StatusCode::OK, 90));
    // A customer has a network of version 6, not an address.
    assert_eq!(ask("2001:db8::1").await, (StatusCode::OK, 90));
    assert_eq!(ask("2001:db8::2").await, (StatusCode::OK, 80));
    assert_eq!(ask("2001:db8:0:1::1").await, (StatusCode::OK, 90));
    assert_eq!(ask("::ffff:203.0.113.8").await, (StatusCode::OK, 80));
    let viewer = from("203.0.113.7", graphql("/graphql", gateway.token("VIEWER"), PAGE, &json!({})));
    assert_eq!(gateway.send(viewer).await.status, StatusCode::OK, "a token has its own");
}

#[tokio::test]
async fn guessing_is_held_off_by_address() {
    let gateway = throttled().await;
    let request = |address, path, token| from(address, graphql(path, Some(token), PAGE, &json!({})));
    let good = gateway.token("VIEWER").unwrap();
    for path in ["/graphql", "/graphql/stream", "/graphql"] {
        let answer = gateway.send(request("203.0.113.7", path, "venturi_guess")).await;
        assert_eq!((answer.status, code(&answer.json())), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    }
    for token in ["venturi_guess", good] {
        for path in ["/graphql", "/graphql/stream", "/files/x"] {
            let mut request = request("203.0.113.7", path, token);
            if path == "/files/x" {
                *request.method_mut() = axum::http::Method::GET;
            }
            let answer = gateway.send(request).await;
            assert_eq!(
                (answer.status, code(&answer.json())),
                (StatusCode::TOO_MANY_REQUESTS, "THROTTLED"),
                "{path}"
            );
            assert_eq!(answer.header(header::RETRY_AFTER), "300", "a third of a quarter of an hour");
        }
    }
    assert_eq!(gateway.send(request("203.0.113.8", "/graphql", good)).await.status, StatusCode::OK);
    let nobody = from("203.0.113.7", graphql("/graphql", None, "{ __typename }", &json!({})));
    assert_eq!(gateway.send(nobody).await.status, StatusCode::OK, "who sends no token guesses none");
    gateway.world.clock.advance(Duration::seconds(300));
    assert_eq!(gateway.send(request("203.0.113.7", "/graphql", good)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_over_a_socket_is_held_off_too() {
    let gateway = throttled().await;
    let begin = async |token: &str| {
        let mut socket = Socket::open(&gateway).await;
        let authorization = format!("Bearer {token}");
        socket.say(json!({ "type": "connection_init", "payload": { "Authorization": authorization } })).await;
        socket.hear().await
    };
    let good = gateway.token("VIEWER").unwrap();
    assert_eq!(begin(good).await, Came::Message(json!({ "type": "connection_ack" })));
    for _ in 0..3 {
        assert_eq!(begin("venturi_guess").await, Came::Closed(4403, "Forbidden".to_owned()));
    }
    assert_eq!(begin(good).await, Came::Closed(4403, "Forbidden".to_owned()));
    gateway.world.clock.advance(Duration::seconds(300));
    assert_eq!(begin(good).await, Came::Message(json!({ "type": "connection_ack" })));
}

#[tokio::test]
async fn events_are_charged_and_never_refused() {
    let gateway = throttled().await;
    let venture = gateway.venture("Watched to the last").await;
    let viewer = gateway.token("VIEWER");
    let query =
        format!("subscription {{ ventureEvents(ventureId: {venture:?}) {{ sequence actor {{ name }} }} }}");
    let mut frames = gateway.watch(viewer, &query).await;
    // Ten to begin with, and two for each event.
    for left in [88, 86] {
        let (event, answer) = frames.next().await.unwrap();
        let cost = &answer["extensions"]["cost"];
        assert_eq!((event.as_str(), &cost["requested"], &cost["charged"]), ("next", &json!(2), &json!(2)));
        assert_eq!(cost["bucket"]["available"], left, "{answer}");
    }
    for _ in 0..4 {
        send(&gateway, viewer, PAGE).await;
    }
    for left in [1, 0] {
        assert_eq!(available(&send(&gateway, viewer, "{ viewer { name } }").await), left);
    }
    let input = json!({ "ventureId": venture, "reason": "Waiting for spring." });
    gateway.change("LEAD", "pauseVenture", "venture { id }", input).await;
    let (_, answer) = frames.next().await.unwrap();
    assert_eq!(answer["data"]["ventureEvents"]["sequence"], 3, "{answer}");
    assert_eq!(answer["extensions"]["cost"]["bucket"]["available"], 0);
    let mut refused = gateway.watch(viewer, &query).await;
    assert_eq!(code(&refused.next().await.unwrap().1), "THROTTLED");
}

#[tokio::test]
async fn files_are_charged_to_the_same_bucket() {
    let gateway = throttled().await;
    let lead = gateway.token("LEAD");
    let upload = async || {
        let request =
            signed(Request::post("/files?name=a.txt"), lead).header(header::CONTENT_TYPE, "text/plain");
        gateway.send(request.body(Body::from("A note.")).unwrap()).await
    };
    let id = upload().await.json()["id"].as_str().unwrap().to_owned();
    let download = signed(Request::get(format!("/files/{id}")), lead).body(Body::empty()).unwrap();
    assert_eq!(gateway.send(download).await.text(), "A note.");
    assert_eq!(available(&send(&gateway, lead, "{ viewer { name } }").await), 88);
    for _ in 0..8 {
        assert_eq!(upload().await.status, StatusCode::CREATED);
    }
    let answer = upload().await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::TOO_MANY_REQUESTS, "THROTTLED"));
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    let Value::Null = answer.json()["data"] else { panic!("nothing was kept: {}", answer.text()) };
}
