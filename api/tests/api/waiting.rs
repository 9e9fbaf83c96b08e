//! What waits for the viewer: the steps that they can take, no more and no less, page by page.

use delivery::Faults;
use serde_json::{Value, json};
use testing::{database::Kind, world::role};

use crate::gateway::{Gateway, code, mutation, park};

const QUERY: &str = "query($filter: WaitingFilter, $first: Int, $after: String, $last: Int, $before: String) {
  viewer { waiting(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { __typename } }
    nodes {
      ... on WaitingStageRun {
        venture { id name } stageRun { stage { number } } dueAt steps { action key gate text owner owned roles }
      }
      ... on DeadLetter { queue }
    }
  } }
}";

async fn waiting(gateway: &Gateway, role: &str, variables: Value) -> Value {
    gateway.data(role, QUERY, variables).await["viewer"]["waiting"].clone()
}

/// The steps of a venture that a role can take: actions with what they are about.
async fn steps(gateway: &Gateway, role: &str, venture: &str, owned: bool) -> Vec<(String, String)> {
    let filter = json!({ "ventureId": venture, "owned": owned });
    let found = waiting(gateway, role, json!({ "filter": filter })).await;
    let nodes = found["nodes"].as_array().unwrap();
    assert!(nodes.len() <= 1, "one node for one run: {found}");
    assert_eq!(found["totalCount"], nodes.len());
    let steps = nodes.iter().flat_map(|node| node["steps"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    steps.map(|step| (text(&step["action"]), text(&step["key"]))).collect()
}

const LABELS: [&str; 7] = [
    "title-captured",
    "description-written",
    "category-selected",
    "key-assumptions-documented",
    "risk-factors-identified",
    "success-metrics-defined",
    "validation-rules-applied",
];
const GATES: [&str; 3] = ["title-validated", "description-validated", "category-assigned"];

fn of(action: &str, keys: &[&str]) -> Vec<(String, String)> {
    keys.iter().map(|key| (action.to_owned(), (*key).to_owned())).collect()
}

async fn from_label_to_label(kind: Kind) {
    let gateway = Gateway::on(kind).await;
    let venture = gateway.venture("Led by its agenda").await;
    let all = [of("ATTEST_LABEL", &LABELS), of("VALIDATE_GATE", &GATES)].concat();
    assert_eq!(steps(&gateway, "EVA", &venture, true).await, all, "the owner of the stage");
    assert_eq!(steps(&gateway, "CHAIRMAN", &venture, false).await, all, "who may attest everything");
    let gates = of("VALIDATE_GATE", &GATES);
    assert_eq!(steps(&gateway, "CHAIRMAN", &venture, true).await, gates, "but answers for no label");
    assert_eq!(steps(&gateway, "LEAD", &venture, false).await, gates, "who attests nothing here");
    assert_eq!(steps(&gateway, "SALES", &venture, false).await, [], "who has no right to any of it");

    for label in LABELS {
        gateway.attest("EVA", &venture, json!({ "doneWhen": label })).await;
    }
    assert_eq!(steps(&gateway, "EVA", &venture, false).await, gates);
    for gate in GATES {
        let input = json!({ "ventureId": venture, "gate": gate });
        gateway.change("EVA", "requestGateValidation", "gateRun { id }", input).await;
    }
    assert_eq!(steps(&gateway, "EVA", &venture, false).await, [], "a worker is at it");
    let process = gateway.world.start(Faults::default()).await;
    gateway.world.settled().await;
    process.drain().await;
    assert_eq!(steps(&gateway, "EVA", &venture, false).await, of("ADVANCE", &[""]));
    gateway.change("EVA", "advanceVenture", "venture { id }", json!({ "ventureId": venture })).await;
    let next = waiting(&gateway, "CHAIRMAN", json!({ "filter": { "ventureId": venture } })).await;
    assert_eq!(next["nodes"][0]["stageRun"]["stage"]["number"], 2);
    // Every step that is shown can be taken.
    let steps = next["nodes"][0]["steps"].as_array().unwrap().clone();
    assert!(steps.iter().any(|step| step["action"] == "ATTEST_CRITERION"), "{steps:?}");
    for step in steps {
        let key = &step["key"];
        let target = match step["action"].as_str().unwrap() {
            "ATTEST_LABEL" => json!({ "doneWhen": key }),
            "ATTEST_CRITERION" => json!({ "criterion": { "gate": step["gate"], "criterion": key } }),
            other => panic!("{other}"),
        };
        gateway.attest("CHAIRMAN", &venture, target).await;
    }
    gateway
        .change(
            "CHAIRMAN",
            "pauseVenture",
            "venture { id }",
            json!({ "ventureId": venture, "reason": "Rest" }),
        )
        .await;
    assert_eq!(self::steps(&gateway, "CHAIRMAN", &venture, false).await, [], "nothing waits while it rests");
}

#[tokio::test]
async fn steps_lead_from_stage_to_stage_on_sqlite() {
    from_label_to_label(Kind::Sqlite).await;
}

#[tokio::test]
async fn steps_lead_from_stage_to_stage_on_postgres() {
    from_label_to_label(Kind::Postgres).await;
}

#[tokio::test]
async fn it_is_read_whole_in_either_direction() {
    let gateway = Gateway::open().await;
    for number in 0..9 {
        if number % 3 == 0 {
            gateway.world.clock.advance(chrono::Duration::days(1));
        }
        gateway.venture(&format!("Venture {number}")).await;
    }
    park(&gateway, gateway.world.portfolio().await).await;
    let all = waiting(&gateway, "CHAIRMAN", json!({ "first": 100 })).await;
    let names = |page: &Value| -> Vec<Value> {
        page["nodes"].as_array().unwrap().iter().map(|node| node["venture"]["name"].clone()).collect()
    };
    let whole = names(&all);
    assert_eq!((whole.len(), &all["totalCount"]), (11, &json!(11)), "the demo's two, and nine");
    let due: Vec<_> = all["nodes"].as_array().unwrap().iter().map(|node| node["dueAt"].as_str()).collect();
    assert!(due.is_sorted(), "the most urgent first: {due:?}");
    for (size, cursor, from, more) in
        [("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")]
    {
        let (mut read, mut window) = (Vec::new(), json!({ size: 4 }));
        loop {
            let page = waiting(&gateway, "CHAIRMAN", window.clone()).await;
            if size == "first" {
                read.extend(names(&page))
            } else {
                read.splice(0..0, names(&page)).for_each(drop)
            }
            if page["pageInfo"][more] == false {
                break;
            }
            window[cursor] = page["pageInfo"][from].clone();
        }
        assert_eq!(read, whole, "{size}");
    }
    let answer = gateway.ask(gateway.token("CHAIRMAN"), QUERY, json!({ "after": "x" })).await;
    assert_eq!(code(&answer), "INVALID_INPUT");
}

#[tokio::test]
async fn dead_letters_wait_for_who_operates_their_portfolio() {
    let gateway = Gateway::open().await;
    let portfolio = gateway.world.portfolio().await;
    park(&gateway, portfolio).await;
    let found = waiting(&gateway, "OPERATOR", json!({})).await;
    assert_eq!(found["nodes"], json!([{ "queue": "tests" }]), "and no stage run");
    assert_eq!(found["totalCount"], 1);
    assert_eq!(waiting(&gateway, "VIEWER", json!({})).await["totalCount"], 0);
    let query = "{ viewer { waiting { nodes { ... on DeadLetter { id } } } } }";
    let id = gateway.data("OPERATOR", query, json!({})).await["viewer"]["waiting"]["nodes"][0]["id"].clone();
    let input = json!({ "input": { "deadLetterId": id } });
    gateway.data("OPERATOR", &mutation("replayDeadLetter", "deadLetter { id }"), input).await;
    assert_eq!(waiting(&gateway, "OPERATOR", json!({})).await["nodes"], json!([]));
}

#[tokio::test]
async fn nothing_waits_in_another_portfolio() {
    let gateway = Gateway::open().await;
    gateway.venture("Not theirs").await;
    let input = json!({ "slug": "other", "name": "Another" });
    let made = gateway.change("ADMIN", "createPortfolio", "portfolio { id }", input).await;
    let elsewhere = app::token::create(&gateway.world.app, "other", &role("CHAIRMAN"), None).await.unwrap();
    let ask = async |filter: Value| {
        let answer = gateway.ask(Some(&elsewhere), QUERY, json!({ "filter": filter })).await;
        answer["data"]["viewer"]["waiting"].clone()
    };
    let demo = gateway.data("CHAIRMAN", "{ portfolio(slug: \"demo\") { id } }", json!({})).await;
    for filter in [Value::Null, json!({ "portfolioId": demo["portfolio"]["id"] })] {
        let found = ask(filter).await;
        assert_eq!((&found["totalCount"], &found["nodes"]), (&json!(0), &json!([])));
    }
    let filter = json!({ "filter": { "portfolioId": made["portfolio"]["id"] } });
    assert_eq!(waiting(&gateway, "CHAIRMAN", filter).await["totalCount"], 0, "nor in one without ventures");
}
