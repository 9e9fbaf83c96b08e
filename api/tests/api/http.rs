//! GraphQL over HTTP to the letter: methods, media types, statuses, limits of a request, and SSE.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::gateway::{Answer, Gateway, code, got, signed};

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

async fn get(gateway: &Gateway, parameters: &[(&str, &str)], accept: &str) -> Answer {
    let request = got(gateway.token("VIEWER"), parameters).header(header::ACCEPT, accept);
    gateway.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn only_json_is_read() {
    let gateway = Gateway::open().await;
    let query = json!({ "query": "{ viewer { handle } }" }).to_string();
    for media in [
        "text/plain",
        "text/plain; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=iso-8859-1",
        "",
    ] {
        for preflight in [&[][..], &[(header::HeaderName::from_static("graphql-require-preflight"), "1")]] {
            let headers: Vec<_> = preflight.iter().cloned().chain([(header::CONTENT_TYPE, media)]).collect();
            let answer = post(&gateway, &headers, query.clone()).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media:?}");
            assert_eq!(code(&answer.json()), "UNSUPPORTED_MEDIA_TYPE");
        }
    }
    let answer = post(&gateway, &[], query.clone()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "no media type");
    let answer = post(&gateway, &[json_type(), (header::CONTENT_ENCODING, "gzip")], query.clone()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "gzip");
    let answer = post(&gateway, &[json_type()], query).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["data"], json!({ "viewer": { "handle": "demo.viewer" } }));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_is_taken_at_its_word() {
    let gateway = Gateway::open().await;
    for path in
        ["/graphql", "/graphql/stream", "/files", "/files/x", "/", "/explorer/explorer.js", "/nowhere"]
    {
        for request in [Request::get(path), Request::post(path), Request::options(path)] {
            let answer = gateway.send(request.body(Body::empty()).unwrap()).await;
            assert!(!answer.headers["x-request-id"].is_empty(), "{path}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        }
    }
    let named = Request::get("/graphql").header("x-request-id", "given-by-the-caller");
    let answer = gateway.send(named.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["x-request-id"], "given-by-the-caller");
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_asks() {
    let gateway = Gateway::open().await;
    let query = "{ playbook { stages { number title summary } } }";
    for request in [
        got(gateway.token("VIEWER"), &[("query", query)]),
        signed(Request::post("/graphql"), gateway.token("VIEWER")),
    ] {
        let request =
            request.header(header::ACCEPT_ENCODING, "gzip").header(header::CONTENT_TYPE, "application/json");
        let body = json!({ "query": query }).to_string();
        let answer = gateway.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!((answer.status, answer.header(header::CONTENT_ENCODING)), (StatusCode::OK, "gzip"));
        assert_eq!(answer.body[..2], [0x1f, 0x8b], "gzip's own first bytes");
    }
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let gateway = Gateway::open().await;
    let query = "{ __typename }";
    let cases = [
        (String::new(), "the body is not JSON"),
        ("{".to_owned(), "the body is not JSON"),
        ("7".to_owned(), "the body is not a JSON object"),
        (r#"{"query": "\u{fe}"}"#.to_owned(), "the body is not JSON"),
        ("[".repeat(1_000), "the body is not JSON"),
        ("{}".to_owned(), "query is missing"),
        (json!({ "qeury": query }).to_string(), "query is missing"),
        (json!({ "query": null }).to_string(), "query is missing"),
        (json!({ "query": " " }).to_string(), "query is missing"),
        (json!({ "query": 7 }).to_string(), "query is not a string"),
        (json!({ "query": query, "operationName": ["x"] }).to_string(), "operationName is not a string"),
        (json!({ "query": query, "variables": "{}" }).to_string(), "variables is not an object"),
        (json!({ "query": query, "variables": [7] }).to_string(), "variables is not an object"),
        (json!({ "query": query, "extensions": 0 }).to_string(), "extensions is not an object"),
        (json!({ "query": query, "extensions": [] }).to_string(), "extensions is not an object"),
        (json!({ "documentId": 7 }).to_string(), "documentId is not a string"),
        (json!([{ "query": query }]).to_string(), "batches are not accepted: send one request"),
    ];
    for (body, message) in cases {
        for accept in ["application/json", GRAPHQL_RESPONSE] {
            let answer = post(&gateway, &[json_type(), (header::ACCEPT, accept)], body.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(answer.header(header::CONTENT_TYPE).starts_with(accept));
            let error = json!({ "message": message, "extensions": { "code": "BAD_REQUEST" } });
            assert_eq!(answer.json(), json!({ "errors": [error] }), "{body}");
        }
    }
    let nothing = json!({ "query": query, "operationName": null, "variables": null, "extensions": null });
    let answer = post(&gateway, &[json_type()], nothing.to_string()).await;
    assert_eq!(answer.json()["data"], json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn a_body_has_a_largest_size() {
    let query = json!({ "query": "{ __typename }" }).to_string();
    let told = |max_body_bytes| Gateway::told(api::Settings { max_body_bytes, ..api::Settings::default() });
    let answer = post(&told(query.len()).await, &[json_type()], query.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "just as large");
    let answer = post(&told(query.len() - 1).await, &[json_type()], query).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "a byte larger");
    assert_eq!(code(&answer.json()), "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn a_get_carries_queries_alone() {
    let gateway = Gateway::open().await;
    let answer = get(&gateway, &[("query", "{ viewer { handle } }")], GRAPHQL_RESPONSE).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["data"]["viewer"]["handle"], "demo.viewer");
    assert!(answer.header(header::CONTENT_TYPE).starts_with(GRAPHQL_RESPONSE));
    let query = "query Stage($n: Int!) { stage(number: $n) { number } } mutation M { __typename }";
    let mut parameters = vec![("query", query), ("operationName", "Stage"), ("variables", r#"{"n": 7}"#)];
    parameters.push(("extensions", r#"{"some": "thing"}"#));
    let answer = get(&gateway, &parameters, GRAPHQL_RESPONSE).await;
    assert_eq!(answer.json()["data"]["stage"]["number"], 7);
    let parameters =
        [("query", "{ __typename }"), ("operationName", ""), ("variables", ""), ("extensions", "")];
    let answer = get(&gateway, &parameters, GRAPHQL_RESPONSE).await;
    assert_eq!(answer.json()["data"], json!({ "__typename": "Query" }), "empty is left out");
    for (query, name) in [
        ("mutation { pauseVenture(input: { ventureId: \"x\", reason: \"x\" }) { venture { id } } }", ""),
        ("query Q { __typename } mutation M { __typename }", "M"),
        ("subscription { x }", ""),
    ] {
        for accept in ["application/json", GRAPHQL_RESPONSE] {
            let answer = get(&gateway, &[("query", query), ("operationName", name)], accept).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{query}");
            assert_eq!(answer.header(header::ALLOW), "POST");
            assert_eq!(code(&answer.json()), "METHOD_NOT_ALLOWED");
            assert!(answer.json().get("data").is_none());
        }
    }
    let query = ("query", "{ __typename }");
    for parameters in [
        &[][..],
        &[query, ("variables", "no JSON")],
        &[query, ("variables", "[7]")],
        &[query, ("extensions", "7")],
        &[query, query],
    ] {
        let answer = get(&gateway, parameters, GRAPHQL_RESPONSE).await;
        assert_eq!(
            (answer.status, code(&answer.json())),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            "{parameters:?}"
        );
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
    let body = json!({ "query": "{ operations { outboxCount } }" }).to_string();
    let answer = post(&gateway, &[json_type(), (header::ACCEPT, GRAPHQL_RESPONSE)], body).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::OK, "FORBIDDEN"));
    assert_eq!(answer.json()["data"], Value::Null);
    let body = json!({ "query": "{ __typename }" }).to_string();
    let answer = post(&gateway, &[json_type(), (header::ACCEPT, "text/html")], body).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE"));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
}

#[tokio::test]
async fn an_answer_has_its_fields_in_the_order_asked_for() {
    let gateway = Gateway::open().await;
    let query = "{ viewer { name handle } b: __typename a: stage(number: 1) { title number } }";
    let answer = post(&gateway, &[json_type()], json!({ "query": query }).to_string()).await;
    let (text, data) = (answer.text(), answer.text().find("\"data\"").unwrap());
    let place =
        |key: &str| text[data..].find(&format!("\"{key}\"")).unwrap_or_else(|| panic!("{key}: {text}"));
    let keys = ["viewer", "name", "handle", "b", "a", "title", "number"];
    assert!(keys.windows(2).all(|pair| place(pair[0]) < place(pair[1])), "{text}");
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
