//! Pages over a list that changes while it is read: nothing twice, nothing left out.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};
use testing::database::Kind;

use crate::gateway::{Gateway, code};

const DATABASES: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

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
    for kind in DATABASES {
        read_whole(kind).await;
    }
}

async fn read_whole(kind: Kind) {
    let gateway = Gateway::on(kind).await;
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
    for kind in DATABASES {
        add_meanwhile(kind).await;
    }
}

async fn add_meanwhile(kind: Kind) {
    let gateway = Gateway::on(kind).await;
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
async fn what_goes_meanwhile_hides_nothing_else() {
    for kind in DATABASES {
        let gateway = Gateway::on(kind).await;
        let existing: BTreeSet<_> = fill(&gateway).await.into_iter().collect();
        let query = "query($after: String) {
          ventures(filter: { category: \"tests\", statuses: [ACTIVE] }, orderBy: { field: NAME }, first: 4, after: $after) {
            nodes { id name } pageInfo { hasNextPage endCursor }
          }
        }";
        let mut read = BTreeSet::new();
        let mut after = Value::Null;
        loop {
            let page = gateway.data("VIEWER", query, json!({ "after": after })).await["ventures"].clone();
            let nodes = page["nodes"].as_array().unwrap();
            for node in nodes {
                let name = node["name"].as_str().unwrap().to_owned();
                assert!(read.insert(name.clone()), "{name} twice on {kind:?}");
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            // The very row that the cursor names leaves the list, and one before it.
            for node in [nodes.first().unwrap(), nodes.last().unwrap()] {
                let input = json!({ "ventureId": node["id"], "reason": "Given up meanwhile." });
                gateway.change("CHAIRMAN", "killVenture", "venture { id }", input).await;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(read, existing, "{kind:?}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let gateway = Gateway::open().await;
    fill(&gateway).await;
    let cursor = |list: String| {
        let gateway = &gateway;
        async move {
            let answer = gateway.ask(gateway.token("VIEWER"), &format!("{{ {list} }}"), json!({})).await;
            let field = list.split(['(', ' ']).next().unwrap().to_owned();
            answer["data"][field]["pageInfo"]["endCursor"]
                .as_str()
                .unwrap_or_else(|| panic!("{answer}"))
                .to_owned()
        }
    };
    let page = "{ pageInfo { endCursor } }";
    let own = cursor(format!("ventures(first: 2, orderBy: {{ field: NAME }}) {page}")).await;
    let others = [
        "first: 2",
        "first: 2, orderBy: { field: NAME, direction: DESC }",
        "first: 2, orderBy: { field: CREATED_AT }",
        "first: 2, orderBy: { field: NAME }, filter: { category: \"tests\" }",
    ];
    for position in ["after", "before"] {
        for other in others {
            let query = format!("{{ ventures({other}, {position}: {own:?}) {page} }}");
            let answer = gateway.ask(gateway.token("VIEWER"), &query, json!({})).await;
            assert_eq!(code(&answer), "INVALID_INPUT", "{query}: {answer}");
            let message = answer["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains("another list"), "{message}");
        }
        let query = format!("{{ portfolios({position}: {own:?}) {page} }}");
        let answer = gateway.ask(gateway.token("VIEWER"), &query, json!({})).await;
        assert_eq!(code(&answer), "INVALID_INPUT", "{answer}");
    }
    let next = cursor(format!("ventures(first: 3, orderBy: {{ field: NAME }}, after: {own:?}) {page}")).await;
    assert_ne!(next, own, "its own list goes on; another size does not matter");
}
