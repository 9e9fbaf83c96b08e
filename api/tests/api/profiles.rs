//! What the profile `production` takes away, and from whom.

use api::{Profile, Settings};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, code, got, graphql},
    sockets::Socket,
};

async fn production() -> Gateway {
    Gateway::told(Settings { profile: Profile::Production, ..Settings::default() }).await
}

const INTROSPECTIONS: [&str; 4] = [
    "{ __schema { queryType { name } } }",
    "{ __type(name: \"Venture\") { name } }",
    "query { ...A } fragment A on Query { ... on Query { ...B } } fragment B on Query { s: __schema { queryType { name } } }",
    "query Q { viewer { handle } ... { __type(name: \"Venture\") { name } } }",
];

#[tokio::test]
async fn introspection_is_for_operators_and_admins() {
    let gateway = production().await;
    for query in INTROSPECTIONS {
        for role in ["OPERATOR", "ADMIN"] {
            let answer = gateway.ask(gateway.token(role), query, json!({})).await;
            assert!(answer.get("errors").is_none(), "{role}: {answer}");
        }
        for token in [gateway.token("CHAIRMAN"), gateway.token("VIEWER"), None] {
            let answer = gateway.ask(token, query, json!({})).await;
            assert_eq!(code(&answer), "INTROSPECTION_DISABLED", "{query}");
            assert!(answer.get("data").is_none());
        }
        let mut frames = gateway.watch(gateway.token("LEAD"), query).await;
        assert_eq!(code(&frames.next().await.unwrap().1), "INTROSPECTION_DISABLED");
        let mut socket = Socket::signed_in(&gateway, "LEAD").await;
        assert_eq!(code(&socket.ask(&json!({ "query": query })).await), "INTROSPECTION_DISABLED");
    }
    let answer =
        gateway.ask(gateway.token("VIEWER"), "{ __typename viewer { __typename } }", json!({})).await;
    assert_eq!(answer, json!({ "data": { "__typename": "Query", "viewer": { "__typename": "Viewer" } } }));
    let development = Gateway::open().await;
    assert!(development.ask(None, INTROSPECTIONS[0], json!({})).await.get("errors").is_none());
}

#[tokio::test]
async fn nothing_is_suggested() {
    let suggested = |answer: Value| answer["errors"][0]["message"].as_str().unwrap().contains("handle");
    for (gateway, wanted) in [(Gateway::open().await, true), (production().await, false)] {
        let answer = gateway.ask(gateway.token("VIEWER"), "{ viewer { handl } }", json!({})).await;
        assert_eq!(code(&answer), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(suggested(answer), wanted);
    }
}

#[tokio::test]
async fn there_is_no_explorer() {
    for (gateway, wanted) in
        [(Gateway::open().await, StatusCode::OK), (production().await, StatusCode::NOT_FOUND)]
    {
        for path in ["/", "/explorer/explorer.js"] {
            let answer = gateway.send(Request::get(path).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, wanted, "{path}");
        }
    }
}

#[tokio::test]
async fn the_explorer_runs_its_own_scripts_alone_and_in_no_frame() {
    let gateway = Gateway::open().await;
    let page = gateway.send(Request::get("/").body(Body::empty()).unwrap()).await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    for part in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert_eq!(page.header(header::X_FRAME_OPTIONS), "DENY");
    assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer");
    // Nothing that the policy would stop: no script or handler in the page, nothing from elsewhere.
    let (text, own) = (page.text(), "src=\"explorer/");
    assert_eq!(text.matches("<script").count(), text.matches(&format!("<script {own}")).count());
    assert!(!text.contains("://") && !text.contains(" onload") && !text.contains("<style"), "{text}");
    for script in text.split(own).skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let path = format!("/explorer/{script}");
        let script = gateway.send(Request::get(&path).body(Body::empty()).unwrap()).await;
        assert_eq!(script.status, StatusCode::OK, "{path}");
        let text = script.text();
        assert!(!text.contains("new Function(") && !text.contains("eval("), "{path} makes code of text");
    }
}

#[tokio::test]
async fn a_get_shows_that_it_was_preflighted() {
    let gateway = production().await;
    let get = |query: &str, name: Option<&'static str>, value: &'static str| {
        let request = got(gateway.token("VIEWER"), &[("query", query)]);
        let request = match name {
            Some(name) => request.header(name, value),
            None => request,
        };
        gateway.send(request.body(Body::empty()).unwrap())
    };
    let query = "{ viewer { handle } }";
    for (name, value) in [(None, ""), (Some("graphql-require-preflight"), ""), (Some("x-other"), "1")] {
        let answer = get(query, name, value).await;
        assert_eq!((answer.status, code(&answer.json())), (StatusCode::FORBIDDEN, "PREFLIGHT_REQUIRED"));
        assert!(answer.json().get("data").is_none());
    }
    for name in ["graphql-require-preflight", "apollo-require-preflight", "x-requested-with"] {
        let answer = get(query, Some(name), "1").await;
        assert_eq!(answer.json()["data"]["viewer"]["handle"], "demo.viewer", "{name}");
        let answer = get("mutation { __typename }", Some(name), "1").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    // What a page cannot send unasked needs no such header.
    let answer = gateway.send(graphql("/graphql", gateway.token("VIEWER"), query, &json!({}))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    assert_eq!(socket.ask(&json!({ "query": query })).await["data"]["viewer"]["handle"], "demo.viewer");
}
