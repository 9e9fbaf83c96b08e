//! What a rule refuses comes back as a `userError` with a code and a field, and nothing was changed.

use serde_json::{Value, json};

use crate::gateway::{Gateway, venture_input};

/// The first refusal of a mutation of a venture: its code and field.
async fn refusal(gateway: &Gateway, name: &str, input: Value) -> (String, Value) {
    let fields = if name == "requestGateValidation" { "gateRun { id }" } else { "venture { id }" };
    let payload = gateway.mutate("CHAIRMAN", name, fields, input).await;
    let error = &payload["userErrors"][0];
    assert!(payload["venture"].is_null() && payload["gateRun"].is_null(), "{payload}");
    assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{payload}");
    (error["code"].as_str().unwrap().to_owned(), error["field"].clone())
}

#[tokio::test]
async fn what_is_said_of_a_venture_is_checked() {
    let gateway = Gateway::open().await;
    let cases = [
        ("name", json!("ab")),
        ("name", json!("x".repeat(121))),
        ("description", json!("Too short.")),
        ("category", json!("c")),
        ("timeZone", json!("Mars/Olympus")),
        ("currency", json!("XQX")),
        ("idempotencyKey", json!("with a space")),
    ];
    for (field, value) in cases {
        let mut input = venture_input("Checked");
        input[field] = value.clone();
        let (code, at) = refusal(&gateway, "createVenture", input).await;
        assert_eq!((code.as_str(), at), ("INVALID_INPUT", json!([field])), "{value}");
    }
    let data = gateway.data("CHAIRMAN", "{ ventures { totalCount } }", json!({})).await;
    assert_eq!(data["ventures"]["totalCount"], 2, "the demo's own");
}

#[tokio::test]
async fn a_change_of_what_was_not_seen_is_refused() {
    let gateway = Gateway::open().await;
    let id = gateway.venture("Contested").await;
    let input = json!({ "ventureId": id, "expectedVersion": 1, "name": "First come" });
    let payload = gateway.change("LEAD", "updateVenture", "venture { version name }", input).await;
    assert_eq!(payload["venture"], json!({ "version": 2, "name": "First come" }));
    let input = json!({ "ventureId": id, "expectedVersion": 1, "name": "Second come" });
    let (code, field) = refusal(&gateway, "updateVenture", input).await;
    assert_eq!((code.as_str(), field), ("STALE_VERSION", json!(["expectedVersion"])));
    let input = json!({ "ventureId": id, "expectedVersion": 2, "category": null });
    let payload = gateway.change("LEAD", "updateVenture", "venture { name category }", input).await;
    assert_eq!(payload["venture"], json!({ "name": "First come", "category": null }));
}

#[tokio::test]
async fn a_stage_is_left_through_its_labels_and_gates() {
    let gateway = Gateway::open().await;
    let id = gateway.venture("In a hurry").await;
    let advance = json!({ "ventureId": id });
    assert_eq!(refusal(&gateway, "advanceVenture", advance.clone()).await.0, "DONE_WHEN_OPEN");
    for label in labels(&gateway, &id).await {
        gateway.attest("CHAIRMAN", &id, json!({ "doneWhen": label })).await;
    }
    assert_eq!(refusal(&gateway, "advanceVenture", advance).await.0, "GATE_NOT_PASSED");
    let unknown = json!({ "ventureId": id, "gate": "no-such-gate" });
    let (code, field) = refusal(&gateway, "requestGateValidation", unknown).await;
    assert_eq!((code.as_str(), field), ("UNKNOWN_GATE", json!(["gate"])));
}

async fn labels(gateway: &Gateway, venture: &str) -> Vec<Value> {
    let query = "query($id: ID!) { venture(id: $id) { stageRun { doneWhen { key } } } }";
    let data = gateway.data("CHAIRMAN", query, json!({ "id": venture })).await;
    let labels = data["venture"]["stageRun"]["doneWhen"].as_array().unwrap();
    labels.iter().map(|label| label["key"].clone()).collect()
}

#[tokio::test]
async fn an_attestation_needs_its_label_and_sound_evidence() {
    let gateway = Gateway::open().await;
    let id = gateway.venture("Evident").await;
    let input = |label: &str, evidence: Value| json!({ "ventureId": id, "target": { "doneWhen": label }, "evidence": evidence });
    let good = json!([{ "title": "Note", "content": { "text": "Written down." } }]);
    let (code, _) = refusal(&gateway, "attest", input("no-such-label", good.clone())).await;
    assert_eq!(code, "UNKNOWN_LABEL");
    let (code, _) = refusal(&gateway, "attest", input("title-captured", json!([]))).await;
    assert_eq!(code, "EVIDENCE_REQUIRED");
    let link = json!([good[0], { "title": "Link", "content": { "link": "file:///etc/passwd" } }]);
    let (code, field) = refusal(&gateway, "attest", input("title-captured", link)).await;
    assert_eq!((code.as_str(), &field[0], &field[1]), ("INVALID_INPUT", &json!("evidence"), &json!("1")));
    gateway.change("CHAIRMAN", "attest", "venture { id }", input("title-captured", good)).await;
    let query = "query($id: ID!) { venture(id: $id) { stageRun { evidence { id } } } }";
    let data = gateway.data("CHAIRMAN", query, json!({ "id": id })).await;
    let withdrawal =
        json!({ "evidenceId": data["venture"]["stageRun"]["evidence"][0]["id"], "reason": "Wrong file." });
    let fields = "evidence { withdrawnReason }";
    let payload = gateway.change("CHAIRMAN", "withdrawEvidence", fields, withdrawal.clone()).await;
    assert_eq!(payload["evidence"]["withdrawnReason"], "Wrong file.");
    let again = gateway.mutate("CHAIRMAN", "withdrawEvidence", fields, withdrawal).await;
    assert_eq!(again["userErrors"][0]["code"], "EVIDENCE_WITHDRAWN");
}

#[tokio::test]
async fn a_venture_rests_resumes_and_ends() {
    let gateway = Gateway::open().await;
    let id = gateway.venture("Short-lived").await;
    let plain = json!({ "ventureId": id });
    let because = json!({ "ventureId": id, "reason": "No market." });
    assert_eq!(refusal(&gateway, "resumeVenture", plain.clone()).await.0, "VENTURE_NOT_PAUSED");
    let brief = json!({ "ventureId": id, "reason": "no" });
    let (code, field) = refusal(&gateway, "pauseVenture", brief).await;
    assert_eq!((code.as_str(), field), ("INVALID_INPUT", json!(["reason"])));
    let fields = "venture { status statusReason statusSince }";
    let paused = gateway.change("LEAD", "pauseVenture", fields, because.clone()).await["venture"].clone();
    assert_eq!((&paused["status"], &paused["statusReason"]), (&json!("PAUSED"), &json!("No market.")));
    assert!(paused["statusSince"].is_string());
    assert_eq!(refusal(&gateway, "advanceVenture", plain.clone()).await.0, "VENTURE_NOT_ACTIVE");
    let resumed = gateway.change("LEAD", "resumeVenture", fields, plain.clone()).await;
    assert_eq!(resumed["venture"]["status"], "ACTIVE");
    let killed = gateway.change("BOARD", "killVenture", fields, because.clone()).await;
    assert_eq!(killed["venture"]["status"], "KILLED");
    assert_eq!(refusal(&gateway, "killVenture", because).await.0, "VENTURE_ENDED");
}

#[tokio::test]
async fn the_same_key_is_answered_the_same_and_has_one_effect() {
    let gateway = Gateway::open().await;
    let mut input = venture_input("Asked for twice");
    input["idempotencyKey"] = json!("create-1");
    let first = gateway.change("LEAD", "createVenture", "venture { id }", input.clone()).await;
    let again = gateway.change("LEAD", "createVenture", "venture { id }", input.clone()).await;
    assert_eq!(first, again);
    let data = gateway.data("LEAD", "{ ventures { totalCount } }", json!({})).await;
    assert_eq!(data["ventures"]["totalCount"], 3, "the demo's own and one");
    let other = gateway.change("EVA", "createVenture", "venture { id }", input.clone()).await;
    assert_ne!(first, other, "keys are each person's own");
    input["name"] = json!("Something else");
    let payload = gateway.mutate("LEAD", "createVenture", "venture { id }", input).await;
    assert_eq!(payload["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(payload["userErrors"][0]["field"], json!(["idempotencyKey"]));
}
