//! Jobs: cancelled by whoever asked or holds the right, and then left alone by their worker; listed and
//! watched whatever they do.

use delivery::Faults;
use serde_json::{Value, json};

use crate::gateway::{Gateway, code, mutation};

/// A queued gate run, asked for by the holder of a role.
async fn queued(gateway: &Gateway, role: &str, venture: &str) -> String {
    let input = json!({ "ventureId": venture, "gate": "title-validated" });
    let payload = gateway.change(role, "requestGateValidation", "gateRun { id }", input).await;
    payload["gateRun"]["id"].as_str().unwrap().to_owned()
}

const JOB: &str =
    "job { __typename id status progress { done total } error { code } queuedAt startedAt finishedAt }";

async fn cancel(gateway: &Gateway, role: &str, job: &str) -> Value {
    let input = json!({ "input": { "jobId": job } });
    gateway.ask(gateway.token(role), &mutation("cancelJob", JOB), input).await
}

#[tokio::test]
async fn a_cancelled_job_is_left_alone_by_its_worker() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Not wanted").await;
    let id = queued(&gateway, "LEAD", &venture).await;
    let watch = format!("subscription {{ jobUpdated(id: {id:?}) {{ __typename status }} }}");
    let mut frames = gateway.watch(gateway.token("VIEWER"), &watch).await;
    assert_eq!(frames.data().await["jobUpdated"], json!({ "__typename": "GateRun", "status": "QUEUED" }));
    let answer = cancel(&gateway, "LEAD", &id).await;
    let job = &answer["data"]["cancelJob"]["job"];
    assert_eq!((&job["id"], &job["status"]), (&json!(id), &json!("CANCELLED")), "{answer}");
    assert_eq!((&job["progress"], &job["error"]), (&json!({ "done": 0, "total": 1 }), &Value::Null));
    assert!(job["queuedAt"].is_string() && job["startedAt"].is_null() && job["finishedAt"].is_string());
    assert_eq!(frames.data().await["jobUpdated"]["status"], "CANCELLED");
    assert_eq!(frames.next().await.unwrap().0, "complete");
    let process = gateway.world.start(Faults::default()).await;
    gateway.world.settled().await;
    process.drain().await;
    let query = "query($id: ID!, $venture: ID!) {
      node(id: $id) { ... on Job { status finishedAt } ... on GateRun { verdict decidedBy } }
      venture(id: $venture) { history { nodes { type actor { kind } } } }
    }";
    let data = gateway.data("VIEWER", query, json!({ "id": id, "venture": venture })).await;
    let same =
        json!({ "status": "CANCELLED", "finishedAt": job["finishedAt"], "verdict": null, "decidedBy": null });
    assert_eq!(data["node"], same, "as the person left it");
    let events = data["venture"]["history"]["nodes"].as_array().unwrap();
    let ends: Vec<_> = events.iter().filter(|event| event["type"] == "gate_run.cancelled.v1").collect();
    assert_eq!(ends, [&json!({ "type": "gate_run.cancelled.v1", "actor": { "kind": "PERSON" } })]);
    assert!(!events.iter().any(|event| event["type"] == "gate_run.decided.v1"));
}

#[tokio::test]
async fn what_has_ended_cannot_be_cancelled() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Done already").await;
    let decided = queued(&gateway, "LEAD", &venture).await;
    let process = gateway.world.start(Faults::default()).await;
    gateway.world.settled().await;
    process.drain().await;
    let cancelled = queued(&gateway, "LEAD", &venture).await;
    assert_eq!(cancel(&gateway, "LEAD", &cancelled).await["data"]["cancelJob"]["userErrors"], json!([]));
    for id in [&decided, &cancelled] {
        let answer = cancel(&gateway, "LEAD", id).await;
        let payload = &answer["data"]["cancelJob"];
        assert_eq!(payload["userErrors"][0]["code"], "JOB_ENDED", "{answer}");
        assert_eq!(payload["userErrors"][0]["field"], json!(["jobId"]));
        assert!(payload["job"].is_null());
    }
    let query = "query($id: ID!) { gateRun(id: $id) { status progress { done } startedAt finishedAt } }";
    let run = gateway.data("VIEWER", query, json!({ "id": decided })).await["gateRun"].clone();
    assert_eq!((&run["status"], &run["progress"]["done"]), (&json!("SUCCEEDED"), &json!(1)));
    assert_eq!(run["startedAt"], run["finishedAt"]);
}

#[tokio::test]
async fn a_job_is_cancelled_by_who_asked_or_holds_the_right() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Disputed").await;
    // PLAN may ask, and holds no right to cancel; EXEC neither.
    for (asked, cancels, outcome) in [
        ("PLAN", "PLAN", "none"),
        ("PLAN", "EXEC", "FORBIDDEN"),
        ("LEAD", "PLAN", "FORBIDDEN"),
        ("PLAN", "VIEWER", "FORBIDDEN"),
        ("PLAN", "EVA", "none"),
        ("EVA", "CHAIRMAN", "none"),
    ] {
        let id = queued(&gateway, asked, &venture).await;
        let answer = cancel(&gateway, cancels, &id).await;
        assert_eq!(code(&answer), outcome, "{cancels} cancels what {asked} asked for: {answer}");
    }
    let answer = cancel(&gateway, "LEAD", &venture).await;
    assert_eq!(code(&answer), "NOT_FOUND", "a venture is no job");
}

#[tokio::test]
async fn jobs_are_listed_by_status_venture_and_who_asked() {
    let gateway = Gateway::open().await;
    let one = gateway.venture("One venture").await;
    let other = gateway.venture("Other venture").await;
    let cancelled = queued(&gateway, "LEAD", &one).await;
    cancel(&gateway, "LEAD", &cancelled).await;
    queued(&gateway, "PLAN", &one).await;
    queued(&gateway, "LEAD", &other).await;
    let query = "query($filter: JobFilter) { jobs(filter: $filter, first: 2) { totalCount nodes { __typename id status } } }";
    let cases = [
        (json!(null), 3),
        (json!({ "statuses": ["QUEUED"] }), 2),
        (json!({ "statuses": ["QUEUED", "RUNNING"], "ventureId": one }), 1),
        (json!({ "statuses": ["FAILED"] }), 0),
        (json!({ "ventureId": one }), 2),
        (json!({ "mine": true }), 2),
        (json!({ "mine": true, "statuses": ["CANCELLED"] }), 1),
        (json!({ "mine": false }), 3),
        (json!({ "kinds": ["GATE_VALIDATION"] }), 3),
        (json!({ "kinds": [] }), 0),
        (json!({ "queuedAt": { "before": "2001-01-01T00:00:00Z" } }), 0),
    ];
    for (filter, count) in cases {
        let data = gateway.data("LEAD", query, json!({ "filter": filter })).await["jobs"].clone();
        assert_eq!(data["totalCount"], count, "{filter}");
        assert_eq!(data["nodes"].as_array().unwrap().len(), count.min(2), "{filter}");
    }
    let first = gateway.data("LEAD", query, json!({})).await["jobs"]["nodes"][0].clone();
    assert_eq!(first, json!({ "__typename": "GateRun", "id": cancelled, "status": "CANCELLED" }));
}
