//! Pages over a list that changes while it is read: nothing twice, nothing left out.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};

use crate::gateway::Gateway;

const QUERY: &str = "query($order: VentureOrder!, $first: Int, $after: String, $last: Int, $before: String) {
  ventures(filter: { category: \"tests\" }, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    totalCount edges { cursor node { name } } nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}";

/// 25 ventures, five to each time of creation, named otherwise than they were created.
async fn fill(gateway: &Gateway) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..25 {
        if number % 5 == 0 {
            gateway.world.clock.advance(Duration::seconds(1));
        }
        let name = format!("Venture {:02}", number * 7 % 25);
        gateway.venture(&name).await;
        names.push(name);
    }
    names
}

/// One page: its names and where it lies.
async fn page(gateway: &Gateway, order: &Value, mut window: Value) -> (Vec<String>, Value) {
    window["order"] = order.clone();
    let page = gateway.data("VIEWER", QUERY, window).await["ventures"].clone();
    let edges = page["edges"].as_array().unwrap();
    let names: Vec<_> = edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()).collect();
    let nodes: Vec<_> = page["nodes"].as_array().unwrap().iter().map(|node| &node["name"]).collect();
    assert_eq!(json!(names), json!(nodes));
    assert_eq!(
        page["pageInfo"]["endCursor"],
        edges.last().map_or(Value::Null, |edge| edge["cursor"].clone())
    );
    (names, page["pageInfo"].clone())
}

/// Reads the list to its end, `first` at a time or `last` at a time.
async fn walk(gateway: &Gateway, order: &Value, size: &str) -> Vec<Vec<String>> {
    let (position, cursor, more) = match size {
        "first" => ("after", "endCursor", "hasNextPage"),
        _ => ("before", "startCursor", "hasPreviousPage"),
    };
    let mut pages = Vec::new();
    let mut window = json!({ size: 7 });
    loop {
        let (names, info) = page(gateway, order, window.clone()).await;
        pages.push(names);
        if info[more] == false {
            return pages;
        }
        window[position] = info[cursor].clone();
    }
}

#[tokio::test]
async fn a_list_is_read_whole_in_either_direction() {
    let gateway = Gateway::open().await;
    let created = fill(&gateway).await;
    let mut named = created.clone();
    named.sort();
    for (field, mut expected) in [("CREATED_AT", created), ("NAME", named)] {
        for direction in ["ASC", "DESC"] {
            let order = json!({ "field": field, "direction": direction });
            let forward = walk(&gateway, &order, "first").await;
            assert_eq!(forward.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 7, 4]);
            assert_eq!(forward.concat(), expected, "{order}");
            let mut backward = walk(&gateway, &order, "last").await;
            backward.reverse();
            assert_eq!(backward.iter().map(Vec::len).collect::<Vec<_>>(), [4, 7, 7, 7]);
            assert_eq!(backward.concat(), expected, "{order}, backward");
            expected.reverse();
        }
    }
    let data = gateway.data("VIEWER", QUERY, json!({ "order": { "field": "NAME" }, "first": 1 })).await;
    assert_eq!(data["ventures"]["totalCount"], 25, "of all pages");
}

#[tokio::test]
async fn what_is_added_meanwhile_repeats_and_hides_nothing() {
    let gateway = Gateway::open().await;
    let existing: BTreeSet<_> = fill(&gateway).await.into_iter().collect();
    for (field, size) in
        [("NAME", "first"), ("NAME", "last"), ("CREATED_AT", "first"), ("CREATED_AT", "last")]
    {
        let order = json!({ "field": field, "direction": "ASC" });
        let (position, cursor, more) = match size {
            "first" => ("after", "endCursor", "hasNextPage"),
            _ => ("before", "startCursor", "hasPreviousPage"),
        };
        let mut window = json!({ size: 4 });
        let mut read = Vec::new();
        loop {
            let (names, info) = page(&gateway, &order, window.clone()).await;
            read.extend(names);
            if info[more] == false {
                break;
            }
            window[position] = info[cursor].clone();
            // One before everything and one behind it, in either order.
            if read.len() < 16 {
                gateway.venture(&format!("Aaa {field} {size} {}", read.len())).await;
                gateway.venture(&format!("Zzz {field} {size} {}", read.len())).await;
            }
        }
        let distinct: BTreeSet<_> = read.iter().cloned().collect();
        assert_eq!(distinct.len(), read.len(), "nothing twice: {field} {size}");
        assert!(distinct.is_superset(&existing), "nothing left out: {field} {size}");
    }
}

#[tokio::test]
async fn filters_hold_together() {
    let gateway = Gateway::open().await;
    let resting = gateway.venture("Resting").await;
    gateway.venture("Running").await;
    let input = json!({ "ventureId": resting, "reason": "Waiting for spring." });
    gateway.change("LEAD", "pauseVenture", "venture { id }", input).await;
    let query = "query($filter: VentureFilter!) { ventures(filter: $filter) { totalCount nodes { name } } }";
    let cases = [
        (json!({}), 4),
        (json!({ "category": "tests" }), 2),
        (json!({ "category": "tests", "statuses": ["PAUSED"] }), 1),
        (json!({ "statuses": ["PAUSED", "ACTIVE"], "stages": [1] }), 4),
        (json!({ "stages": [2] }), 0),
        (json!({ "statuses": [] }), 0),
    ];
    for (filter, count) in cases {
        let data = gateway.data("VIEWER", query, json!({ "filter": filter })).await["ventures"].clone();
        assert_eq!(data["totalCount"], count, "{filter}");
        assert_eq!(data["nodes"].as_array().unwrap().len(), count, "{filter}");
    }
}
