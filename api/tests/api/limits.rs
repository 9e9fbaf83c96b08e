//! What a document may ask for at most: just under passes, just over is refused before it runs.

use serde_json::{Value, json};

use crate::gateway::Gateway;

async fn ask(gateway: &Gateway, query: &str) -> Value {
    gateway.ask(gateway.token("VIEWER"), query, json!({})).await
}

fn refused(answer: &Value) -> bool {
    answer.get("data").is_none() && answer["errors"][0]["message"].is_string()
}

#[tokio::test]
async fn depth() {
    let gateway = Gateway::open().await;
    // Each turn is two levels deep, and the gate run above them one.
    let turns = |turns: usize, leaf: &str| {
        let (open, close) = ("gate { latestRun { ".repeat(turns), "} } ".repeat(turns));
        format!("{{ gateRun(id: \"x\") {{ {open} {leaf} {close} }} }}")
    };
    let answer = ask(&gateway, &turns(6, "gate { key }")).await;
    assert_eq!(answer, json!({ "data": { "gateRun": null } }), "15 levels");
    assert!(refused(&ask(&gateway, &turns(7, "id")).await), "16 levels");
}

#[tokio::test]
async fn aliases() {
    let gateway = Gateway::open().await;
    let aliases = |count: usize| {
        let fields: Vec<_> = (0..count).map(|n| format!("a{n}: __typename")).collect();
        format!("{{ {} }}", fields.join(" "))
    };
    let answer = ask(&gateway, &aliases(100)).await;
    assert_eq!(answer["data"].as_object().unwrap().len(), 100);
    assert!(refused(&ask(&gateway, &aliases(101)).await));
}

#[tokio::test]
async fn cost() {
    let gateway = Gateway::open().await;
    // Per venture: ten runs of ten labels of two fields, with the run's node and list; the venture's node.
    let query = |first: usize| {
        format!(
            "{{ ventures(first: {first}) {{ nodes {{ stageRuns(first: 10) {{ nodes {{ doneWhen {{ key label }} }} }} }} }} }}"
        )
    };
    let answer = ask(&gateway, &query(94)).await;
    assert_eq!(answer["data"]["ventures"]["nodes"].as_array().unwrap().len(), 2, "{answer}");
    assert!(refused(&ask(&gateway, &query(95)).await));
}

#[tokio::test]
async fn sizes() {
    let gateway = Gateway::open().await;
    for list in ["ventures", "portfolios"] {
        for asked in [
            "first: 0",
            "first: 101",
            "last: 0",
            "last: 101",
            "first: -1",
            "first: 1, last: 1",
            "after: \"x\"",
        ] {
            let answer = ask(&gateway, &format!("{{ {list}({asked}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "INVALID_INPUT",
                "{list}({asked}): {answer}"
            );
        }
        let answer = ask(&gateway, &format!("{{ {list}(first: 100) {{ nodes {{ id }} }} }}")).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
    let ids = |count: usize| json!({ "ids": vec!["x"; count] });
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let most = gateway.data("VIEWER", query, ids(100)).await;
    assert_eq!(most["nodes"], json!(vec![Value::Null; 100]));
    let over = gateway.ask(gateway.token("VIEWER"), query, ids(101)).await;
    assert_eq!(over["errors"][0]["extensions"]["code"], "INVALID_INPUT");
}
