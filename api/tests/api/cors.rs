//! Which pages a browser lets call the API.

use api::{Profile, Settings};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use crate::gateway::{Answer, Gateway, posted};

async fn gateway(profile: Profile, origins: &str) -> Gateway {
    let cors_origins = origins.split_whitespace().map(|origin| origin.parse().unwrap()).collect();
    Gateway::told(Settings { profile, cors_origins, ..Settings::default() }).await
}

async fn preflight(gateway: &Gateway, path: &str, origin: &str) -> Answer {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri(path)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    gateway.send(request.body(Body::empty()).unwrap()).await
}

/// The origin that a page is told it may call from; none when it may not.
async fn allowed(gateway: &Gateway, origin: &str) -> Option<String> {
    let value = |answer: &Answer| {
        answer
            .headers
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let asked = value(&preflight(gateway, "/graphql", origin).await);
    let mut request = posted("/graphql", None, &json!({ "query": "{ __typename }" }));
    request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
    let answer = gateway.send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(value(&answer), asked, "the answer says what the preflight said");
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    asked
}

#[tokio::test]
async fn development_lets_local_pages_call_and_production_none() {
    let development = gateway(Profile::Development, "").await;
    for origin in ["http://localhost:3000", "http://localhost", "http://127.0.0.1:5173"] {
        assert_eq!(allowed(&development, origin).await.as_deref(), Some(origin));
    }
    assert_eq!(allowed(&development, "https://localhost:3000").await, None);
    assert_eq!(allowed(&development, "http://localhost.example.com").await, None);
    let production = gateway(Profile::Production, "").await;
    for origin in ["http://localhost:3000", "https://app.example.com", "null"] {
        assert_eq!(allowed(&production, origin).await, None, "{origin}");
    }
}

#[tokio::test]
async fn the_origins_named_may_call_and_no_others() {
    for profile in [Profile::Development, Profile::Production] {
        let gateway = gateway(profile, "https://app.example.com http://localhost:*").await;
        for origin in ["https://app.example.com", "http://localhost:8081"] {
            assert_eq!(allowed(&gateway, origin).await.as_deref(), Some(origin));
        }
        for origin in ["https://example.com", "http://app.example.com", "http://127.0.0.1:3000"] {
            assert_eq!(allowed(&gateway, origin).await, None, "{origin}");
        }
    }
    let any = gateway(Profile::Production, "*").await;
    assert_eq!(allowed(&any, "https://anything.example").await.as_deref(), Some("*"));
}

#[tokio::test]
async fn a_page_may_send_and_read_what_clients_need() {
    let gateway = gateway(Profile::Production, "https://app.example.com").await;
    for path in ["/graphql", "/graphql/stream", "/files"] {
        let answer = preflight(&gateway, path, "https://app.example.com").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let sent = answer.header(header::ACCESS_CONTROL_ALLOW_HEADERS);
        for name in
            ["authorization", "content-type", "accept", "idempotency-key", "graphql-require-preflight"]
        {
            assert!(sent.split(',').any(|sent| sent == name), "{name}: {sent}");
        }
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_METHODS), "GET,POST");
        assert_eq!(answer.header(header::ACCESS_CONTROL_MAX_AGE), "3600");
        assert!(answer.header(header::VARY).contains("origin"));
    }
    let mut request = posted("/graphql", None, &json!({ "query": "{ __typename }" }));
    request.headers_mut().insert(header::ORIGIN, "https://app.example.com".parse().unwrap());
    let answer = gateway.send(request).await;
    let exposed = answer.header(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    for name in ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"] {
        assert!(exposed.split(',').any(|exposed| exposed == name), "{name}: {exposed}");
    }
}
