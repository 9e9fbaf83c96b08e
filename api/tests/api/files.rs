//! Files: uploaded before they are named as evidence, downloaded by members alone.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use domain::evidence::MAX_FILE_BYTES;
use serde_json::json;

use crate::gateway::{Answer, Gateway, code, signed};

async fn upload(gateway: &Gateway, name: &str, media: &str, bytes: impl Into<Body>) -> Answer {
    let request = signed(Request::post(format!("/files?name={name}")), gateway.token("EVA"));
    gateway.send(request.header(header::CONTENT_TYPE, media).body(bytes.into()).unwrap()).await
}

async fn download(gateway: &Gateway, token: Option<&str>, path: &str) -> Answer {
    gateway.send(signed(Request::get(path), token).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_file_is_evidence_and_comes_back_as_it_was() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Documented").await;
    let answer = upload(&gateway, "plan%202026.csv", "text/csv; charset=utf-8", "a,b\n1,2\n").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let file = answer.json()["id"].clone();
    let evidence = json!([{ "title": "The plan", "content": { "fileId": file } }]);
    let input =
        json!({ "ventureId": venture, "target": { "doneWhen": "title-captured" }, "evidence": evidence });
    let fields =
        "venture { stageRun { evidence { kind title file { id name mediaType sizeBytes sha256 path } } } }";
    let payload = gateway.change("EVA", "attest", fields, input).await;
    let piece = &payload["venture"]["stageRun"]["evidence"][0];
    assert_eq!((&piece["kind"], &piece["file"]["id"]), (&json!("FILE"), &file));
    assert_eq!(piece["file"]["name"], "plan 2026.csv");
    assert_eq!((&piece["file"]["mediaType"], &piece["file"]["sizeBytes"]), (&json!("text/csv"), &json!(8)));
    assert_eq!(piece["file"]["sha256"].as_str().unwrap().len(), 64);
    let path = piece["file"]["path"].as_str().unwrap();
    let answer = download(&gateway, gateway.token("VIEWER"), path).await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "a,b\n1,2\n"));
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/csv");
    assert_eq!(answer.header(header::CONTENT_DISPOSITION), "attachment; filename=\"plan_2026.csv\"");
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(download(&gateway, None, path).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(download(&gateway, gateway.token("VIEWER"), "/files/x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_good_as_a_file_is_refused() {
    let gateway = Gateway::open().await;
    let refused = |answer: Answer| (answer.status, code(&answer.json()).to_owned());
    let invalid = (StatusCode::UNPROCESSABLE_ENTITY, "INVALID_INPUT".to_owned());
    assert_eq!(refused(upload(&gateway, "a.html", "text/html", "<p>").await), invalid);
    assert_eq!(refused(upload(&gateway, "..%2Fa.txt", "text/plain", "x").await), invalid);
    assert_eq!(refused(upload(&gateway, "", "text/plain", "x").await), invalid);
    assert_eq!(refused(upload(&gateway, "a.txt", "text/plain", "").await), invalid);
    let answer = upload(&gateway, "a.txt", "text/plain", vec![b'x'; MAX_FILE_BYTES + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let request = Request::post("/files?name=a.txt").header(header::CONTENT_TYPE, "text/plain");
    let answer = gateway.send(request.body(Body::from("x")).unwrap()).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    assert_eq!(gateway.world.recorded("store_file").await, 0);
}

#[tokio::test]
async fn the_largest_file_is_taken() {
    let gateway = Gateway::open().await;
    let answer = upload(&gateway, "large.zip", "application/zip", vec![0; MAX_FILE_BYTES]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}
