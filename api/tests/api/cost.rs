//! What requests cost, told before they are run and with their answers.

use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::gateway::{Gateway, code, mutation, signed, venture_input};

/// The answer to a request of which only the cost is asked for, as it comes.
async fn dry_run(gateway: &Gateway, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables, "extensions": { "dryRun": true } });
    let request = signed(Request::post("/graphql"), gateway.token("LEAD"));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string().into());
    gateway.send(request.unwrap()).await.json()
}

/// What a request costs.
async fn price(gateway: &Gateway, query: &str, variables: Value) -> u64 {
    let answer = dry_run(gateway, query, variables).await;
    assert_eq!((&answer["data"], answer.get("errors")), (&Value::Null, None), "{query}: {answer}");
    answer["extensions"]["cost"]["requested"].as_u64().unwrap()
}

const PAGE: &str = "query($n: Int) { ventures(first: $n) { nodes { id } } }";
const PAGE_OF_3: &str = "query($n: Int = 3) { ventures(first: $n) { nodes { id } } }";
const BY_IDS: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { id
    ... on Venture { portfolio { id } stage { title } } ...R } }
  fragment R on StageRun { gates { key } }";
const SKIPPED: &str = "query($s: Boolean!, $i: Boolean = false) {
    viewer @skip(if: $s) { memberships { roles } }
    ... @include(if: $i) { ventures { nodes { id } } }
  }";

/// The example of `docs/api.md`.
const EXAMPLE: &str = "{ ventures(first: 20) { nodes { name stage { number title }
  stageRun { gates { key latestRun { verdict } } } } } }";

/// Documents with their variables and what they cost.
fn prices() -> Vec<(&'static str, Value, u64)> {
    vec![
        // An object is 1, a scalar nothing, and nothing is cheaper than 1.
        ("{ __typename }", json!({}), 1),
        ("{ viewer { handle name } }", json!({}), 1),
        ("{ a: viewer { handle } b: viewer { handle } }", json!({}), 2),
        ("{ venture(id: \"x\") { name portfolio { name } stage { title } } }", json!({}), 3),
        // A connection is 1, and what is in it as often as the page is long.
        ("{ ventures { nodes { id } } }", json!({}), 21),
        (
            "{ ventures(first: 5) { edges { cursor node { id } } pageInfo { endCursor } totalCount } }",
            json!({}),
            12,
        ),
        ("{ ventures(last: 7) { nodes { portfolio { id } } } }", json!({}), 15),
        ("{ ventures(first: 4) { nodes { history(first: 6) { nodes { type } } } } }", json!({}), 33),
        (PAGE, json!({ "n": 8 }), 9),
        (PAGE, json!({}), 21),
        (PAGE, json!({ "n": null }), 21),
        (PAGE_OF_3, json!({}), 4),
        (PAGE_OF_3, json!({ "n": 2 }), 3),
        // Lists without pages are as long as the schema says, or 10.
        ("{ viewer { memberships { portfolio { id } } } }", json!({}), 21),
        ("{ playbook { stages { entryGates { criteria { key } } } } }", json!({}), 401),
        // The dearest of the types that a record may have.
        (BY_IDS, json!({ "ids": ["x", "y", "z"] }), 18),
        ("{ nodes(ids: [\"x\", \"y\"]) { ... on Venture { portfolio { id } } } }", json!({}), 4),
        // What is left out is free.
        (SKIPPED, json!({ "s": true }), 1),
        (SKIPPED, json!({ "s": false }), 11),
        (SKIPPED, json!({ "s": false, "i": true }), 32),
        // A fragment costs wherever it is spread.
        (
            "{ a: viewer { ...V } b: viewer { ...V } } fragment V on Viewer { memberships { roles } }",
            json!({}),
            22,
        ),
        (EXAMPLE, json!({}), 261),
        // Introspection is made of memory.
        ("{ __schema { types { name fields { name args { name } } } } }", json!({}), 10),
        // A mutation is 10 and its payload.
        (
            "mutation($i: CreateVentureInput!) { createVenture(input: $i) { venture { id } userErrors { code } } }",
            json!({ "i": venture_input("Priced") }),
            13,
        ),
        // A subscription is 10 and one event.
        ("subscription { ventureEvents(ventureId: \"x\") { sequence actor { name } } }", json!({}), 12),
    ]
}

#[tokio::test]
async fn prices_are_as_documented() {
    let gateway = Gateway::open().await;
    for (query, variables, expected) in prices() {
        assert_eq!(price(&gateway, query, variables.clone()).await, expected, "{query} {variables}");
    }
}

#[tokio::test]
async fn only_the_operation_that_is_run_costs() {
    let gateway = Gateway::open().await;
    let query = "query Dear { ventures { nodes { id } } } query Cheap { viewer { handle } }";
    let body = json!({ "query": query, "operationName": "Cheap" }).to_string();
    let request = signed(Request::post("/graphql"), gateway.token("LEAD"));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap();
    let answer = gateway.send(request).await.json();
    assert_eq!(answer["data"]["viewer"]["handle"], "demo.lead");
    assert_eq!(answer["extensions"]["cost"]["requested"], 1);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_says_what_would_be_refused() {
    let gateway = Gateway::open().await;
    let before = gateway.world.recorded("create_venture").await;
    let create = mutation("createVenture", "venture { id }");
    let input = json!({ "input": venture_input("Never made") });
    assert_eq!(price(&gateway, &create, input).await, 13);
    assert_eq!(gateway.world.recorded("create_venture").await, before);
    let answer = dry_run(&gateway, "{ noSuchField }", json!({})).await;
    assert!(answer.get("data").is_none() && answer["errors"][0]["message"].is_string(), "{answer}");
    let dear = "{ ventures(first: 100) { nodes { stageRuns(first: 10) { nodes { doneWhen { key } } } } } }";
    let answer = dry_run(&gateway, dear, json!({})).await;
    assert_eq!(
        (code(&answer), &answer["extensions"]["cost"]["requested"]),
        ("QUERY_TOO_COMPLEX", &json!(11_201))
    );
    let subscription = "subscription { ventureEvents(ventureId: \"x\") { sequence } }";
    let answer = dry_run(&gateway, subscription, json!({})).await;
    assert_eq!(answer["extensions"]["cost"]["requested"], 11);
}

#[tokio::test]
async fn every_answer_tells_its_cost() {
    let gateway = Gateway::open().await;
    let cost = |requested: Value, charged: u64, available: u64| {
        json!({
            "requested": requested,
            "charged": charged,
            "limit": 5_000,
            "bucket": { "maximum": 20_000, "available": available, "restoreRate": 1_000 },
        })
    };
    let cases = [
        ("{ ventures { nodes { id } } }", cost(json!(21), 21, 19_979)),
        // Run, and failed.
        ("{ operations { outboxCount } }", cost(json!(1), 1, 19_978)),
        // Not run: it does not parse, does not exist, does not fit the schema, or is too dear.
        ("{ viewer {", cost(Value::Null, 1, 19_977)),
        ("query A { viewer { name } } query B { viewer { name } }", cost(Value::Null, 1, 19_976)),
        ("{ viewer { nothing } }", cost(json!(1), 1, 19_975)),
        (
            "{ ventures(first: 100) { nodes { stageRuns(first: 10) { nodes { doneWhen { key } } } } } }",
            cost(json!(11_201), 1, 19_974),
        ),
    ];
    for (query, expected) in cases {
        let request = crate::gateway::graphql("/graphql", gateway.token("VIEWER"), query, &json!({}));
        let answer = gateway.send(request).await.json();
        assert_eq!(answer["extensions"]["cost"], expected, "{query}: {answer}");
    }
    let mut frames = gateway.watch(gateway.token("VIEWER"), "{ viewer { name } }").await;
    assert_eq!(frames.next().await.unwrap().1["extensions"]["cost"], cost(json!(1), 1, 19_973));
}
