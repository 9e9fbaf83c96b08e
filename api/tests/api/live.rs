//! Subscriptions: nothing is missed and nothing comes twice, whatever happens meanwhile.

use std::sync::Arc;

use delivery::Faults;
use serde_json::{Value, json};

use crate::gateway::{Frames, Gateway};

async fn sequences(frames: &mut Frames, count: usize) -> Vec<i64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(frames.data().await["ventureEvents"]["sequence"].as_i64().unwrap());
    }
    seen
}

fn events(venture: &str, after: i64) -> String {
    format!(
        "subscription {{ ventureEvents(ventureId: {venture:?}, after: {after}) {{ sequence type at actor {{ name }} }} }}"
    )
}

async fn rename(gateway: &Gateway, venture: &str, number: usize) {
    let input = json!({ "ventureId": venture, "name": format!("Renamed {number}") });
    gateway.change("LEAD", "updateVenture", "venture { version }", input).await;
}

#[tokio::test]
async fn a_history_is_replayed_and_goes_on_without_a_hole() {
    let gateway = Arc::new(Gateway::open().await);
    let venture = gateway.venture("Eventful").await;
    for number in 0..5 {
        rename(&gateway, &venture, number).await;
    }
    let mut frames = gateway.watch(gateway.token("VIEWER"), &events(&venture, 0)).await;
    let first = frames.data().await["ventureEvents"].clone();
    assert_eq!((&first["sequence"], &first["type"]), (&json!(1), &json!("venture.created.v1")));
    let changing = tokio::spawn({
        let (gateway, venture) = (Arc::clone(&gateway), venture.clone());
        async move {
            for number in 5..25 {
                rename(&gateway, &venture, number).await;
            }
        }
    });
    // Created, opened, and 25 changes, of which the first was read.
    assert_eq!(sequences(&mut frames, 26).await, (2..=27).collect::<Vec<_>>());
    changing.await.unwrap();
    drop(frames);
    rename(&gateway, &venture, 25).await;
    let mut resumed = gateway.watch(gateway.token("VIEWER"), &events(&venture, 20)).await;
    assert_eq!(sequences(&mut resumed, 8).await, (21..=28).collect::<Vec<_>>());
    let query = "query($id: ID!) { venture(id: $id) { sequence history(filter: { afterSequence: 25 }) { nodes { sequence } } } }";
    let data = gateway.data("VIEWER", query, json!({ "id": venture })).await["venture"].clone();
    assert_eq!(data["sequence"], 28);
    assert_eq!(data["history"]["nodes"], json!([{ "sequence": 26 }, { "sequence": 27 }, { "sequence": 28 }]));
}

#[tokio::test]
async fn a_gate_run_is_seen_queued_then_decided_and_the_stream_ends() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("To be judged").await;
    let input = json!({ "ventureId": venture, "gate": "title-validated" });
    let fields = "gateRun { id status verdict }";
    let payload = gateway.change("LEAD", "requestGateValidation", fields, input).await;
    assert_eq!(payload["gateRun"]["status"], "QUEUED");
    let id = payload["gateRun"]["id"].as_str().unwrap();
    let query = format!(
        "subscription {{ gateRunUpdated(id: {id:?}) {{ status verdict decidedBy criteria {{ key verdict wanted }} }} }}"
    );
    let mut frames = gateway.watch(gateway.token("LEAD"), &query).await;
    let queued = frames.data().await["gateRunUpdated"].clone();
    assert_eq!((&queued["status"], &queued["verdict"]), (&json!("QUEUED"), &Value::Null));
    let process = gateway.world.start(Faults::default()).await;
    let decided = frames.data().await["gateRunUpdated"].clone();
    assert_eq!((&decided["status"], &decided["verdict"]), (&json!("SUCCEEDED"), &json!("PASS")));
    assert_eq!(decided["criteria"][0]["key"], "title-length");
    assert!(decided["decidedBy"].is_string());
    assert_eq!(frames.next().await.unwrap().0, "complete");
    assert!(frames.next().await.is_none());
    process.drain().await;
    // Asked again, a decided run is given once.
    let mut frames = gateway.watch(gateway.token("LEAD"), &query).await;
    assert_eq!(frames.data().await["gateRunUpdated"]["status"], "SUCCEEDED");
    assert_eq!(frames.next().await.unwrap().0, "complete");
}
