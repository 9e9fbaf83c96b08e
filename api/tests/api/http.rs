//! GraphQL over HTTP to the letter: methods, media types, statuses, limits of a request, and SSE.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::gateway::{Answer, Gateway, code, signed};

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// Posts a body as it is.
async fn post(gateway: &Gateway, headers: &[(header::HeaderName, &str)], body: impl Into<Body>) -> Answer {
    let mut request = signed(Request::post("/graphql"), gateway.token("VIEWER"));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    gateway.send(request.body(body.into()).unwrap()).await
}

fn json_type() -> (header::HeaderName, &'static str) {
    (header::CONTENT_TYPE, "application/json; charset=utf-8")
}

async fn get(gateway: &Gateway, query: &[(&str, &str)], accept: &str) -> Answer {
    let mut url = url_of("/graphql");
    url.query_pairs_mut().extend_pairs(query);
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let request = signed(Request::get(path), gateway.token("VIEWER")).header(header::ACCEPT, accept);
    gateway.send(request.body(Body::empty()).unwrap()).await
}

fn url_of(path: &str) -> url::Url {
    url::Url::parse("http://gateway").unwrap().join(path).unwrap()
}

#[tokio::test]
async fn only_json_is_read() {
    let gateway = Gateway::open().await;
    let query = json!({ "query": "{ viewer { handle } }" }).to_string();
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let answer = post(&gateway, &[(header::CONTENT_TYPE, media)], query.clone()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media:?}");
    }
    let answer = post(&gateway, &[json_type()], query).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({ "data": { "viewer": { "handle": "demo.viewer" } } }));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
    assert!(!answer.headers["x-request-id"].is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let gateway = Gateway::open().await;
    let cases = [
        ("", StatusCode::BAD_REQUEST),
        ("{", StatusCode::BAD_REQUEST),
        ("7", StatusCode::BAD_REQUEST),
        ("{}", StatusCode::BAD_REQUEST),
        (r#"{"query": 7}"#, StatusCode::BAD_REQUEST),
        (r#"{"query": ""}"#, StatusCode::BAD_REQUEST),
        (r#" [{"query": "{ __typename }"}]"#, StatusCode::BAD_REQUEST),
    ];
    for (body, status) in cases {
        let answer = post(&gateway, &[json_type()], body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["errors"][0]["message"].is_string() && answer.json().get("data").is_none());
    }
    let large = json!({ "query": "{ __typename }", "operationName": "x".repeat(1024 * 1024) }).to_string();
    assert_eq!(post(&gateway, &[json_type()], large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_get_carries_queries_alone() {
    let gateway = Gateway::open().await;
    let answer = get(&gateway, &[("query", "{ viewer { handle } }")], GRAPHQL_RESPONSE).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["data"]["viewer"]["handle"], "demo.viewer");
    assert!(answer.header(header::CONTENT_TYPE).starts_with(GRAPHQL_RESPONSE));
    let query = "query Stage($n: Int!) { stage(number: $n) { number } } mutation M { __typename }";
    let parameters = [("query", query), ("operationName", "Stage"), ("variables", r#"{"n": 7}"#)];
    let answer = get(&gateway, &parameters, GRAPHQL_RESPONSE).await;
    assert_eq!(answer.json()["data"]["stage"]["number"], 7);
    for query in ["mutation { pauseVenture(input: {}) { venture { id } } }", "subscription { x }"] {
        let answer = get(&gateway, &[("query", query)], GRAPHQL_RESPONSE).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{query}");
        assert_eq!(answer.header(header::ALLOW), "POST");
    }
    for parameters in [&[][..], &[("query", "{ __typename }"), ("variables", "no JSON")]] {
        let answer = get(&gateway, parameters, GRAPHQL_RESPONSE).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{parameters:?}");
    }
    let deleted = Request::delete("/graphql").body(Body::empty()).unwrap();
    assert_eq!(gateway.send(deleted).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_status_tells_what_the_media_type_lets_it_tell() {
    let gateway = Gateway::open().await;
    // Not executed: does not parse, does not validate, lacks a variable.
    let lacking = "query($id: ID!) { venture(id: $id) { name } }";
    for query in ["{ secret_marker(", "{ noSuchField }", lacking] {
        let body = json!({ "query": query }).to_string();
        let headers = [json_type(), (header::ACCEPT, GRAPHQL_RESPONSE)];
        let answer = post(&gateway, &headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.json().get("data").is_none(), "{query}: {}", answer.text());
        assert!(answer.json()["errors"][0]["message"].is_string());
        let answer = post(&gateway, &[json_type(), (header::ACCEPT, "application/json")], body).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        assert!(answer.json().get("data").is_none(), "{query}: {}", answer.text());
    }
    // Executed, and failed in part.
    let body = json!({ "query": "{ operations { outbox } }" }).to_string();
    let answer = post(&gateway, &[json_type(), (header::ACCEPT, GRAPHQL_RESPONSE)], body).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::OK, "FORBIDDEN"));
    assert_eq!(answer.json()["data"], Value::Null);
    let body = json!({ "query": "{ __typename }" }).to_string();
    let answer = post(&gateway, &[json_type(), (header::ACCEPT, "text/html")], body).await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn an_error_does_not_give_the_document_back() {
    let gateway = Gateway::open().await;
    let document =
        format!("query A {{ viewer {{ handle }} }}\n# {}\nquery B {{ viewer {{", "private ".repeat(500));
    let body = json!({ "query": document }).to_string();
    let answer = post(&gateway, &[json_type(), (header::ACCEPT, GRAPHQL_RESPONSE)], body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!answer.text().contains("private"), "{}", answer.text());
    assert!(answer.text().len() < 1_000, "{}", answer.text());
    assert!(answer.json()["errors"][0]["locations"][0]["line"].is_u64(), "{}", answer.text());
}

#[tokio::test]
async fn a_token_that_is_no_good_is_told() {
    let gateway = Gateway::open().await;
    let body = json!({ "query": "{ __typename }" }).to_string();
    for value in ["Bearer venturi_unknown", "Bearer", "Basic dXNlcjpwYXNz", "Bearer x"] {
        let request = Request::post("/graphql").header(header::AUTHORIZATION, value);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.clone()));
        let answer = gateway.send(request.unwrap()).await;
        assert_eq!(
            (answer.status, code(&answer.json())),
            (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            "{value}"
        );
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
    }
}

#[tokio::test]
async fn a_query_over_sse_is_one_answer_and_the_end() {
    let gateway = Gateway::open().await;
    let mut frames = gateway.watch(gateway.token("VIEWER"), "{ viewer { handle } }").await;
    let (event, answer) = frames.next().await.unwrap();
    assert_eq!((event.as_str(), &answer["data"]["viewer"]["handle"]), ("next", &json!("demo.viewer")));
    assert_eq!(frames.next().await.unwrap().0, "complete");
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn a_subscription_has_one_root_field() {
    let gateway = Gateway::open().await;
    let id = gateway.venture("Watched twice").await;
    let field = format!("ventureEvents(ventureId: {id:?}) {{ sequence }}");
    let query = format!("subscription {{ a: {field} b: {field} }}");
    let mut frames = gateway.watch(gateway.token("VIEWER"), &query).await;
    let (_, answer) = frames.next().await.unwrap();
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("one field"), "{answer}");
    assert_eq!(frames.next().await.unwrap().0, "complete");
}
