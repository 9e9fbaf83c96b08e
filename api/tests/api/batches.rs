//! Batches: off unless a setting says otherwise, and then several requests are answered as each would be.

use api::Settings;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::gateway::{Answer, Gateway, code, posted, signed};

async fn gateway(max_batch: u8) -> Gateway {
    Gateway::told(Settings { max_batch, ..Settings::default() }).await
}

async fn send(gateway: &Gateway, body: Value) -> Answer {
    gateway.send(posted("/graphql", gateway.token("VIEWER"), &body)).await
}

fn queries(count: usize) -> Value {
    (0..count).map(|number| json!({ "query": format!("{{ n{number}: __typename }}") })).collect()
}

#[tokio::test]
async fn a_batch_has_at_most_so_many_requests_and_one_at_least() {
    let gateway = gateway(3).await;
    for count in 1..=3 {
        let answer = send(&gateway, queries(count)).await;
        assert_eq!(answer.status, StatusCode::OK, "{count}");
        let answers = answer.json();
        let answered: Value =
            answers.as_array().unwrap().iter().map(|answer| answer["data"].clone()).collect();
        let asked: Value = (0..count).map(|n| json!({ format!("n{n}"): "Query" })).collect();
        assert_eq!(answered, asked, "in the order asked");
    }
    for (body, refusal) in [
        (queries(4), "BATCH_TOO_LARGE"),
        (queries(0), "BAD_REQUEST"),
        (json!([{ "query": "{ a }" }, 7]), "BAD_REQUEST"),
    ] {
        let answer = send(&gateway, body.clone()).await;
        assert_eq!((answer.status, code(&answer.json())), (StatusCode::BAD_REQUEST, refusal), "{body}");
    }
    assert_eq!(send(&gateway, queries(1)[0].clone()).await.json()["data"], json!({ "n0": "Query" }));
}

#[tokio::test]
async fn without_the_setting_none_is_accepted() {
    let gateway = Gateway::open().await;
    for count in 0..=2 {
        let answer = send(&gateway, queries(count)).await;
        assert_eq!(
            (answer.status, code(&answer.json())),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            "{count}"
        );
    }
}

#[tokio::test]
async fn each_request_stands_alone() {
    let gateway = gateway(10).await;
    let deep = format!(
        "{{ gateRun(id: \"x\") {} id {} }}",
        "{ gate { latestRun ".repeat(8) + "{",
        "} } ".repeat(8) + "}"
    );
    let create = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } userErrors { code } } }";
    let input = json!({ "name": "Batched", "description": "A venture that was made among other requests." });
    let body = json!([
        { "query": "{ viewer { handle } }" },
        { "query": "{" },
        { "notAQuery": true },
        { "query": create, "variables": { "input": input } },
        { "query": deep },
        { "query": "query A { __typename } query B { b: __typename }", "operationName": "B" },
    ]);
    let chairman = gateway.token("CHAIRMAN");
    let request = signed(Request::post("/graphql"), chairman)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json");
    let answer = gateway.send(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/graphql-response+json; charset=utf-8");
    let answers = answer.json();
    assert_eq!(answers.as_array().unwrap().len(), 6);
    assert_eq!(answers[0]["data"]["viewer"]["handle"], "demo.chairman");
    assert_eq!(code(&answers[1]), "GRAPHQL_PARSE_FAILED");
    assert_eq!(code(&answers[2]), "BAD_REQUEST");
    assert_eq!(answers[3]["data"]["createVenture"]["venture"]["name"], "Batched");
    assert!(answers[4]["errors"][0]["extensions"]["code"].is_string());
    assert_eq!(answers[5]["data"], json!({ "b": "Query" }));
    for refused in [1, 2, 4] {
        assert!(answers[refused].get("data").is_none(), "{answers}");
    }
}

#[tokio::test]
async fn a_batch_is_signed_in_and_measured_as_a_whole() {
    let gateway = gateway(10).await;
    let answer = gateway.send(posted("/graphql", Some("venturi_unknown"), &queries(2))).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    let size = queries(10).to_string().len();
    for (max_body_bytes, status) in [(size, StatusCode::OK), (size - 1, StatusCode::PAYLOAD_TOO_LARGE)] {
        let settings = Settings { max_batch: 10, max_body_bytes, ..Settings::default() };
        assert_eq!(send(&Gateway::told(settings).await, queries(10)).await.status, status);
    }
}

#[tokio::test]
async fn a_stream_takes_one_request() {
    let gateway = gateway(10).await;
    let answer = gateway.send(posted("/graphql/stream", gateway.token("VIEWER"), &queries(1))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
