//! Persisted documents: asked for by id instead of sent, and, as an allow-list, the only ones served.

use std::path::Path;

use api::Settings;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{
    database::Kind,
    world::{Transport, World},
};

use crate::{
    gateway::{Gateway, code, got, posted, signed},
    sockets::Socket,
};

const WHO: &str = "query Who { viewer { handle } }";
const WHO_HASH: &str = "b38f9f03e9c7b3bbf2cb63bf15b20af538b66719a97ff09fc63148cfd878f624";
const STAGE: &str = "query Stage($n: Int!) { stage(number: $n) { number } } query Other { __typename }";
const PAUSE: &str =
    "mutation Pause($i: PauseVentureInput!) { pauseVenture(input: $i) { userErrors { code } } }";
const WATCH: &str = "subscription Watch($id: ID!) { gateRunUpdated(id: $id) { id } }";

/// A gateway over the persisted documents of a folder.
async fn gateway(folder: &Path, only: bool) -> Gateway {
    Gateway::told(Settings {
        persisted_documents: Some(folder.to_owned()),
        persisted_documents_only: only,
        ..Settings::default()
    })
    .await
}

/// The manifests of two clients.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "relay.json", &json!({ format!("sha256:{WHO_HASH}"): WHO, "b00c9e3f": PAUSE }));
    write(&folder, "codegen.json", &json!({ "0d2a71e6": STAGE, "who-v1": WHO, "watch": WATCH }));
    std::fs::write(folder.path().join("README.md"), "No manifest.").unwrap();
    folder
}

fn write(folder: &TempDir, name: &str, manifest: &Value) {
    std::fs::write(folder.path().join(name), manifest.to_string()).unwrap();
}

/// The same id as callers may spell it.
fn spelt() -> Vec<Value> {
    vec![
        json!({ "documentId": format!("sha256:{WHO_HASH}") }),
        json!({ "documentId": WHO_HASH }),
        json!({ "documentId": "who-v1" }),
        json!({ "documentId": "who-v1", "query": null, "extensions": {} }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": WHO_HASH } } }),
        json!({ "query": "", "extensions": { "persistedQuery": { "version": 1, "sha256Hash": WHO_HASH } } }),
        json!({ "query": WHO, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": WHO_HASH } } }),
        json!({ "query": WHO, "documentId": format!("sha256:{WHO_HASH}") }),
    ]
}

async fn ask(gateway: &Gateway, body: &Value) -> Value {
    gateway.send(posted("/graphql", gateway.token("VIEWER"), body)).await.json()
}

#[tokio::test]
async fn a_document_is_found_by_its_id() {
    let folder = folder();
    for only in [false, true] {
        let gateway = gateway(folder.path(), only).await;
        for request in spelt() {
            let answer = ask(&gateway, &request).await;
            assert_eq!(answer["data"]["viewer"]["handle"], "demo.viewer", "{request}: {answer}");
        }
        let request = json!({ "documentId": "0d2a71e6", "operationName": "Stage", "variables": { "n": 7 } });
        assert_eq!(ask(&gateway, &request).await["data"]["stage"]["number"], 7);
        let request = json!({ "documentId": "0d2a71e6" });
        assert_eq!(code(&ask(&gateway, &request).await), "OPERATION_RESOLUTION_FAILURE");
    }
}

#[tokio::test]
async fn an_id_nobody_knows_is_not_found() {
    let folder = folder();
    for gateway in
        [gateway(folder.path(), false).await, gateway(folder.path(), true).await, Gateway::open().await]
    {
        for request in [
            json!({ "documentId": "unknown" }),
            json!({ "documentId": "" }),
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "00" } } }),
        ] {
            assert_eq!(code(&ask(&gateway, &request).await), "PERSISTED_DOCUMENT_NOT_FOUND", "{request}");
        }
        // What Apollo's clients go by.
        let request = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "00" } } });
        assert_eq!(ask(&gateway, &request).await["errors"][0]["message"], "PersistedQueryNotFound");
        let mismatch = json!({ "query": WHO, "documentId": "b00c9e3f" });
        assert_eq!(code(&ask(&gateway, &mismatch).await), "BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_get_names_a_document_too() {
    let folder = folder();
    let gateway = gateway(folder.path(), true).await;
    let get = |parameters: &[(&str, &str)]| {
        gateway.send(got(gateway.token("VIEWER"), parameters).body(Body::empty()).unwrap())
    };
    let answer = get(&[("documentId", &format!("sha256:{WHO_HASH}"))]).await;
    assert_eq!(answer.json()["data"]["viewer"]["handle"], "demo.viewer");
    let apollos = json!({ "persistedQuery": { "version": 1, "sha256Hash": WHO_HASH } }).to_string();
    assert_eq!(get(&[("extensions", &apollos)]).await.json()["data"]["viewer"]["handle"], "demo.viewer");
    let answer = get(&[("documentId", "b00c9e3f")]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "a mutation");
}

#[tokio::test]
async fn a_subscription_is_found_by_its_id_and_a_link_changes_nothing() {
    let folder = folder();
    let gateway = gateway(folder.path(), false).await;
    let venture = gateway.venture("Watched by id").await;
    let input = json!({ "ventureId": venture, "gate": "title-validated" });
    let payload = gateway.change("LEAD", "requestGateValidation", "gateRun { id }", input).await;
    let run = payload["gateRun"]["id"].clone();
    let request = json!({ "documentId": "watch", "variables": { "id": run } });
    let mut frames = gateway.stream(posted("/graphql/stream", gateway.token("VIEWER"), &request)).await;
    assert_eq!(frames.data().await["gateRunUpdated"]["id"], run);
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    assert_eq!(socket.ask(&request).await["data"]["gateRunUpdated"]["id"], run);
    let variables = json!({ "i": { "ventureId": venture, "reason": "By a link." } }).to_string();
    let mut link = url::Url::parse("http://gateway/graphql/stream").unwrap();
    link.query_pairs_mut().extend_pairs([("documentId", "b00c9e3f"), ("variables", &variables)]);
    let path = format!("{}?{}", link.path(), link.query().unwrap());
    let get = signed(Request::get(path), gateway.token("CHAIRMAN")).body(Body::empty()).unwrap();
    assert_eq!(gateway.send(get).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(gateway.world.recorded("pause_venture").await, 0);
}

#[tokio::test]
async fn as_an_allow_list_they_are_all_that_is_served() {
    let folder = folder();
    let gateway = gateway(folder.path(), true).await;
    let viewer = gateway.token("VIEWER");
    for query in ["{ viewer { handle } }", "{ __typename }", "query Who { viewer { handle } } ", "{"] {
        let request = json!({ "query": query });
        assert_eq!(code(&ask(&gateway, &request).await), "PERSISTED_DOCUMENT_REQUIRED", "{query}");
        let mut frames = gateway.stream(posted("/graphql/stream", viewer, &request)).await;
        assert_eq!(code(&frames.next().await.unwrap().1), "PERSISTED_DOCUMENT_REQUIRED", "{query}");
        let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
        assert_eq!(code(&socket.ask(&request).await), "PERSISTED_DOCUMENT_REQUIRED", "{query}");
    }
    // The very text of one is that one.
    let mut frames =
        gateway.stream(posted("/graphql/stream", viewer, &json!({ "documentId": "who-v1" }))).await;
    assert_eq!(frames.data().await["viewer"]["handle"], "demo.viewer");
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    let apollos = json!({ "persistedQuery": { "version": 1, "sha256Hash": WHO_HASH } });
    let answer = socket.ask(&json!({ "query": "", "extensions": apollos })).await;
    assert_eq!(answer["data"]["viewer"]["handle"], "demo.viewer");
}

#[tokio::test]
async fn documents_that_the_schema_refuses_stop_the_start() {
    let world = World::create(Kind::Sqlite, Transport::InProcess).await;
    let cases = [
        (json!({ "bad": "{ viewer { nobody } }", "good": WHO }), "bad:1:12: "),
        (json!({ "bad": "{ viewer {" }), "bad:1:"),
        (
            json!({ "bad": format!("{{ {} }}", (0..51).map(|n| format!("a{n}: __typename ")).collect::<String>()) }),
            "too many fields",
        ),
        (json!({ "bad": "subscription { a: x b: x }" }), "one field"),
        (json!({ "sha256:00": WHO }), "the hash of its text is sha256:"),
        (json!(["x"]), "not a JSON object"),
    ];
    for (manifest, fault) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, "manifest.json", &manifest);
        // A manifest alone is as good as its folder.
        for path in [folder.path().to_owned(), folder.path().join("manifest.json")] {
            let settings = Settings { persisted_documents: Some(path), ..Settings::default() };
            let refused = api::schema(world.app.clone(), &settings).await.err().expect("refused");
            assert!(format!("{refused:#}").contains(fault), "{refused:#}");
        }
    }
    let only = Settings { persisted_documents_only: true, ..Settings::default() };
    assert!(api::schema(world.app.clone(), &only).await.is_err(), "an allow-list of nothing");
}
