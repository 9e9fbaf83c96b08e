//! Operations over server-sent events, as graphql-sse has them in distinct-connections mode.

use api::{Live, Server, Serving, Settings};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use process::telemetry::Metrics;
use serde_json::{Value, json};
use testing::world::{PATIENCE, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    gateway::{Answer, Gateway, code, graphql, signed, venture_input},
    sockets::{Socket, listen},
};

const STREAM: &str = "/graphql/stream";
const VIEWER: &str = "{ viewer { handle } }";

fn link(parameters: &[(&str, &str)]) -> String {
    let mut url = url::Url::parse("http://gateway/graphql/stream").unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

async fn get(gateway: &Gateway, parameters: &[(&str, &str)]) -> Answer {
    let request = signed(Request::get(link(parameters)), gateway.token("VIEWER"));
    gateway.send(request.header(header::ACCEPT, "text/event-stream").body(Body::empty()).unwrap()).await
}

async fn post(gateway: &Gateway, query: &str, variables: Value) -> Answer {
    gateway.send(graphql(STREAM, gateway.token("CHAIRMAN"), query, &variables)).await
}

/// The one answer of a stream, which must be followed by its end and nothing else.
fn single(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let text = answer.text();
    let rest = text.strip_prefix(":\n\nevent: next\ndata: ").expect("a comment and an answer");
    let answer = rest.strip_suffix("\n\nevent: complete\ndata:\n\n").expect("the end");
    serde_json::from_str(answer).expect("one answer")
}

#[tokio::test]
async fn a_query_and_a_mutation_are_one_answer_and_the_end() {
    let gateway = Gateway::open().await;
    let answer = post(&gateway, VIEWER, json!({})).await;
    assert_eq!(single(&answer)["data"], json!({ "viewer": { "handle": "demo.chairman" } }));
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/event-stream"));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache");
    assert!(answer.headers.get(header::CONTENT_ENCODING).is_none());
    let query = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } } }";
    let answer = post(&gateway, query, json!({ "input": venture_input("By stream") })).await;
    assert_eq!(single(&answer)["data"]["createVenture"]["venture"]["name"], "By stream");
    // Executed and failed in part.
    let answer = gateway.send(graphql(STREAM, None, VIEWER, &json!({}))).await;
    assert_eq!(code(&single(&answer)), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_get_carries_queries_and_subscriptions() {
    let gateway = Gateway::open().await;
    let query = "query A { __typename } query B($n: Int!) { stage(number: $n) { number } }";
    let parameters = [("query", query), ("operationName", "B"), ("variables", r#"{"n": 7}"#)];
    assert_eq!(single(&get(&gateway, &parameters).await)["data"], json!({ "stage": { "number": 7 } }));
    let id = gateway.venture("Linked").await;
    let unknown = format!("subscription {{ ventureEvents(ventureId: \"{id}x\") {{ sequence }} }}");
    assert_eq!(code(&single(&get(&gateway, &[("query", &unknown)]).await)), "NOT_FOUND");
    let mutation = "mutation { pauseVenture(input: { ventureId: \"x\", reason: \"y\" }) { venture { id } } }";
    let answer = get(&gateway, &[("query", mutation)]).await;
    assert_eq!((answer.status, answer.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    let deleted = Request::delete(STREAM).body(Body::empty()).unwrap();
    assert_eq!(gateway.send(deleted).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_request_that_is_not_executed_is_told_in_the_stream() {
    let gateway = Gateway::open().await;
    let lacking = "query($id: ID!) { venture(id: $id) { name } }";
    for query in ["{ secret_marker(", "{ noSuchField }", lacking] {
        for answer in [post(&gateway, query, json!({})).await, get(&gateway, &[("query", query)]).await] {
            let answer = single(&answer);
            assert!(answer["errors"][0]["message"].is_string(), "{query}: {answer}");
            assert!(answer.get("data").is_none(), "{query}: {answer}");
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_told_by_a_status() {
    let gateway = Gateway::open().await;
    let body = json!({ "query": VIEWER }).to_string();
    let send = |content_type: &'static str, accept: &'static str, token: Option<&str>, body: String| {
        let request = signed(Request::post(STREAM), token).header(header::CONTENT_TYPE, content_type);
        gateway.send(request.header(header::ACCEPT, accept).body(Body::from(body)).unwrap())
    };
    let (json, stream, viewer) = ("application/json", "text/event-stream", gateway.token("VIEWER"));
    assert_eq!(send(json, stream, viewer, body.clone()).await.status, StatusCode::OK);
    let cases = [
        (send("text/plain", stream, viewer, body.clone()).await, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (send(json, stream, viewer, "{".to_owned()).await, StatusCode::BAD_REQUEST),
        (send(json, stream, viewer, "{}".to_owned()).await, StatusCode::BAD_REQUEST),
        (send(json, "application/json", viewer, body.clone()).await, StatusCode::NOT_ACCEPTABLE),
        (send(json, stream, Some("venturi_unknown"), body).await, StatusCode::UNAUTHORIZED),
        (get(&gateway, &[]).await, StatusCode::BAD_REQUEST),
        (get(&gateway, &[("query", VIEWER), ("variables", "7")]).await, StatusCode::BAD_REQUEST),
    ];
    for (answer, status) in cases {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.json()["errors"][0]["message"].is_string());
    }
}

#[tokio::test]
async fn an_operation_has_as_long_as_a_request() {
    let gateway = Gateway::told(Settings { request_timeout_s: 1, ..Settings::default() }).await;
    let writing = gateway.world.app.database().begin().await.unwrap();
    let query = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } } }";
    let answer = single(&post(&gateway, query, json!({ "input": venture_input("Too late") })).await);
    assert_eq!((code(&answer), &answer["data"]), ("TIMEOUT", &Value::Null));
    drop(writing);
}

#[tokio::test]
async fn streams_and_sockets_share_their_places() {
    let live = Live { max_connections: 1, ..Live::default() };
    let gateway = Gateway::told(Settings { live, ..Settings::default() }).await;
    let venture = gateway.venture("Watched by one").await;
    let query = format!("subscription {{ ventureEvents(ventureId: {venture:?}) {{ sequence }} }}");
    let request = || graphql(STREAM, gateway.token("VIEWER"), &query, &json!({}));
    let open = gateway.router.clone().oneshot(request()).await.unwrap();
    assert_eq!(open.status(), StatusCode::OK);
    let refused = gateway.send(request()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    assert!(!refused.headers[header::RETRY_AFTER].is_empty());
    let address = listen(&gateway).await;
    assert!(Socket::connect(address, &[]).await.is_err());
    // Queries elsewhere need no place.
    assert_eq!(gateway.data("VIEWER", VIEWER, json!({})).await["viewer"]["handle"], "demo.viewer");
    drop(open);
    let socket = Socket::connect(address, &[]).await.unwrap();
    assert_eq!(gateway.send(request()).await.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(socket);
    let free =
        || async { gateway.router.clone().oneshot(request()).await.unwrap().status() == StatusCode::OK };
    assert!(until(free).await);
}

/// A gateway's server, and what stops it.
async fn serve(gateway: &Gateway, live: Live) -> (Serving, CancellationToken) {
    let server = Server {
        app: gateway.world.app.clone(),
        bus: gateway.world.bus(),
        settings: Settings { live, ..Settings::default() },
        metrics: Metrics::install().unwrap(),
    };
    let stop = CancellationToken::new();
    (server.listen("127.0.0.1:0".parse().unwrap(), stop.clone()).await.unwrap(), stop)
}

/// Watches a venture over a connection of its own.
async fn watch(gateway: &Gateway, serving: &Serving, venture: &str) -> TcpStream {
    let query = format!("subscription {{ ventureEvents(ventureId: {venture:?}) {{ sequence }} }}");
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: gateway\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        link(&[("query", &query)]),
        gateway.token("VIEWER").unwrap()
    );
    let mut stream = TcpStream::connect(serving.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads until `mark` came.
async fn read_until(stream: &mut TcpStream, mark: &str) -> String {
    let mut read = String::new();
    let mut bytes = [0; 4096];
    while !read.contains(mark) {
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(count > 0, "{read}");
        read.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    read
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_place() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Left").await;
    let (serving, _stop) = serve(&gateway, Live { max_connections: 1, ..Live::default() }).await;
    let mut first = watch(&gateway, &serving, &venture).await;
    let read = read_until(&mut first, r#"{"sequence":2}"#).await;
    assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    let mut second = watch(&gateway, &serving, &venture).await;
    read_until(&mut second, "HTTP/1.1 503").await;
    drop(first);
    let free = || async {
        let mut next = watch(&gateway, &serving, &venture).await;
        read_until(&mut next, "\r\n").await.starts_with("HTTP/1.1 200")
    };
    assert!(until(free).await);
}

#[tokio::test]
async fn when_the_process_stops_a_stream_ends_and_is_not_complete() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Watched to the end").await;
    let (serving, stop) = serve(&gateway, Live::default()).await;
    let mut stream = watch(&gateway, &serving, &venture).await;
    let mut read = read_until(&mut stream, r#"{"sequence":2}"#).await;
    stop.cancel();
    tokio::time::timeout(PATIENCE, serving.finished()).await.expect("an end in time").unwrap();
    stream.read_to_string(&mut read).await.unwrap();
    assert!(read.ends_with("0\r\n\r\n") && !read.contains("complete"), "{read}");
}
