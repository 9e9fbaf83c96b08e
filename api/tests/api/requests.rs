//! Errors of a request: told with a code before anything is executed, over every transport alike.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, code, posted, signed},
    sockets::Socket,
};

/// Requests that are not executed, each with its code.
fn faulty() -> Vec<(Value, &'static str)> {
    let stage = "query($n: Int!) { stage(number: $n) { title } }";
    let two = "query A { a: __typename } query B { b: __typename }";
    let create = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { id } } }";
    let target = "query($f: VentureFilter) { ventures(filter: $f) { nodes { id } } }";
    vec![
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "fragment F on Query { __typename }" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ noSuchField }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ viewer }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": two }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": two, "operationName": "C" }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": "{ __typename }", "operationName": "C" }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": stage }), "BAD_USER_INPUT"),
        (json!({ "query": stage, "variables": { "n": null } }), "BAD_USER_INPUT"),
        (json!({ "query": stage, "variables": { "n": "7" } }), "BAD_USER_INPUT"),
        (json!({ "query": target, "variables": { "f": { "statuses": ["ASLEEP"] } } }), "BAD_USER_INPUT"),
        (json!({ "query": create, "variables": { "input": { "name": "x" } } }), "BAD_USER_INPUT"),
        (json!({ "query": create, "variables": { "input": { "nme": "x" } } }), "BAD_USER_INPUT"),
    ]
}

#[tokio::test]
async fn over_http() {
    let gateway = Gateway::open().await;
    for (request, wanted) in faulty() {
        for (accept, status) in [
            ("application/json", StatusCode::OK),
            ("application/graphql-response+json", StatusCode::BAD_REQUEST),
        ] {
            let post =
                signed(Request::post("/graphql"), gateway.token("LEAD")).header(header::ACCEPT, accept);
            let post = post.header(header::CONTENT_TYPE, "application/json");
            let answer = gateway.send(post.body(Body::from(request.to_string())).unwrap()).await;
            assert_eq!(
                (answer.status, code(&answer.json())),
                (status, wanted),
                "{request}: {}",
                answer.text()
            );
            assert!(answer.json().get("data").is_none(), "{request}");
        }
    }
    let subscription = json!({ "query": "subscription { gateRunUpdated(id: \"x\") { id } }" });
    let answer = gateway.send(posted("/graphql", gateway.token("LEAD"), &subscription)).await;
    assert_eq!(code(&answer.json()), "OPERATION_NOT_SUPPORTED");
}

#[tokio::test]
async fn over_sse() {
    let gateway = Gateway::open().await;
    for (request, wanted) in faulty() {
        let mut frames = gateway.stream(posted("/graphql/stream", gateway.token("LEAD"), &request)).await;
        let (_, answer) = frames.next().await.unwrap();
        assert_eq!(code(&answer), wanted, "{request}");
        assert!(answer.get("data").is_none(), "{request}");
    }
}

#[tokio::test]
async fn over_websocket() {
    let gateway = Gateway::open().await;
    for (request, wanted) in faulty() {
        let mut socket = Socket::signed_in(&gateway, "LEAD").await;
        assert_eq!(code(&socket.ask(&request).await), wanted, "{request}");
    }
}

#[tokio::test]
async fn a_value_at_fault_is_told_by_its_place_and_not_given_back() {
    let gateway = Gateway::open().await;
    let query = "mutation($input: AttestInput!) { attest(input: $input) { venture { id } } }";
    let evidence = json!([{ "title": "good", "content": { "text": "good" } }, { "title": 7, "content": { "text": "good" } }]);
    let input = json!({ "ventureId": "x", "target": { "doneWhen": "private" }, "evidence": evidence });
    let answer = gateway.ask(gateway.token("LEAD"), query, json!({ "input": input })).await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert_eq!(message, "the variable $input.evidence[1].title is not of the type String");
    assert_eq!(answer["errors"][0]["locations"], json!([{ "line": 1, "column": 10 }]));
    let input = json!({ "ventureId": "x", "target": { "doneWhen": "a", "fact": null }, "evidence": [] });
    let answer = gateway.ask(gateway.token("LEAD"), query, json!({ "input": input })).await;
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("exactly one field"), "{answer}");
}
