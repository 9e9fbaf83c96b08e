//! Every list: its filters hold together, its order and pages are its own, alone as under many parents.

use std::sync::Arc;

use chrono::Duration;
use delivery::Faults;
use serde_json::{Value, json};
use testing::database::Kind;

use crate::gateway::{Gateway, code, park};

/// How many records a list under a venture has by a filter: as counted, and as listed.
async fn sizes(gateway: &Gateway, venture: &str, list: &str, filter: &str) -> (Value, usize) {
    let query = format!(
        "query($id: ID!) {{ venture(id: $id) {{ {list}(first: 100, filter: {filter}) {{ totalCount nodes {{ id }} }} }} }}"
    );
    let data = gateway.data("VIEWER", &query, json!({ "id": venture })).await["venture"][list].clone();
    (data["totalCount"].clone(), data["nodes"].as_array().unwrap().len())
}

/// A venture with evidence, a withdrawn piece, two decided gate runs and one queued.
async fn furnished(gateway: &Gateway, name: &str) -> String {
    let venture = gateway.venture(name).await;
    for label in ["title-captured", "description-written"] {
        gateway.attest("CHAIRMAN", &venture, json!({ "doneWhen": label })).await;
        gateway.world.clock.advance(Duration::seconds(10));
    }
    let query = "query($id: ID!) { venture(id: $id) { evidence(last: 1) { nodes { id } } } }";
    let data = gateway.data("VIEWER", query, json!({ "id": venture })).await;
    let last = data["venture"]["evidence"]["nodes"][0]["id"].clone();
    let input = json!({ "evidenceId": last, "reason": "It was the wrong one." });
    gateway.change("LEAD", "withdrawEvidence", "evidence { id }", input).await;
    for gate in ["title-validated", "description-validated"] {
        validate(gateway, &venture, gate).await;
        gateway.world.clock.advance(Duration::seconds(10));
    }
    let process = gateway.world.start(Faults::default()).await;
    gateway.world.settled().await;
    process.drain().await;
    validate(gateway, &venture, "title-validated").await;
    venture
}

async fn validate(gateway: &Gateway, venture: &str, gate: &str) {
    let input = json!({ "ventureId": venture, "gate": gate });
    gateway.change("LEAD", "requestGateValidation", "gateRun { id }", input).await;
}

#[tokio::test]
async fn what_belongs_to_a_venture_is_filtered() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        let venture = furnished(&gateway, "Furnished").await;
        gateway.venture("Bare").await;
        let cases = [
            ("stageRuns", "{}", 1),
            ("stageRuns", "{ stages: [1], statuses: [ACTIVE, ENTERING], late: false }", 1),
            ("stageRuns", "{ stages: [2, 3] }", 0),
            ("stageRuns", "{ late: true }", 0),
            ("stageRuns", "{ startedAt: { before: \"2001-01-01T00:00:00Z\" } }", 0),
            ("gateRuns", "{}", 3),
            ("gateRuns", "{ gates: [\"title-validated\"] }", 2),
            ("gateRuns", "{ gates: [\"title-validated\"], statuses: [QUEUED] }", 1),
            ("gateRuns", "{ verdicts: [PASS] }", 2),
            ("gateRuns", "{ verdicts: [FAIL, INCONCLUSIVE] }", 0),
            ("gateRuns", "{ kinds: [ENTRY] }", 0),
            ("gateRuns", "{ kinds: [EXIT], stages: [1] }", 3),
            ("gateRuns", "{ statuses: [] }", 0),
            ("evidence", "{}", 2),
            ("evidence", "{ withdrawn: true }", 1),
            ("evidence", "{ withdrawn: false, kinds: [TEXT, LINK], stages: [1] }", 1),
            ("evidence", "{ kinds: [FILE] }", 0),
            ("evidence", "{ stages: [2] }", 0),
            ("history", "{ types: [\"attestation.given.v1\", \"evidence.withdrawn.v1\"] }", 3),
            ("history", "{ types: [\"attestation.given.v1\"], afterSequence: 3 }", 1),
            ("history", "{ types: [\"nobody.knows.v1\"] }", 0),
        ];
        for (list, filter, count) in cases {
            let seen = sizes(&gateway, &venture, list, filter).await;
            assert_eq!(seen, (json!(count), count), "{list} {filter} on {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_period_begins_with_its_first_instant_and_ends_before_its_last() {
    let gateway = Gateway::open().await;
    let venture = furnished(&gateway, "Furnished").await;
    let query = "query($id: ID!) { venture(id: $id) { evidence { nodes { submittedAt } } } }";
    let data = gateway.data("VIEWER", query, json!({ "id": venture })).await;
    let times = &data["venture"]["evidence"]["nodes"];
    let (first, second) = (&times[0]["submittedAt"], &times[1]["submittedAt"]);
    let cases = [
        (format!("from: {first}, before: {second}"), 1),
        (format!("from: {second}"), 1),
        (format!("before: {first}"), 0),
        (format!("from: {first}"), 2),
    ];
    for (range, count) in cases {
        let filter = format!("{{ submittedAt: {{ {range} }} }}");
        let seen = sizes(&gateway, &venture, "evidence", &filter).await;
        assert_eq!(seen, (json!(count), count), "{filter}");
    }
    let far = "{ ventures(filter: { createdAt: { from: \"+12345-01-01T00:00:00Z\" } }) { nodes { id } } }";
    assert_eq!(code(&gateway.ask(gateway.token("VIEWER"), far, json!({})).await), "INVALID_INPUT");
}

#[tokio::test]
async fn under_many_parents_each_has_its_own_page() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        let mut ventures = Vec::new();
        for number in 0..4_usize {
            let venture = gateway.venture(&format!("Venture {number}")).await;
            for change in 0..=number {
                gateway.world.clock.advance(Duration::seconds(1));
                let input = json!({ "ventureId": venture, "name": format!("Venture {number} {change}") });
                gateway.change("LEAD", "updateVenture", "venture { id }", input).await;
            }
            ventures.push(venture);
        }
        let list = "history(PAGE, filter: { types: [\"venture.updated.v1\"] }) {
          totalCount edges { cursor node { sequence } } pageInfo { hasNextPage hasPreviousPage }
        }";
        for page in ["first: 2", "last: 2", "first: 2, orderBy: { field: SEQUENCE, direction: DESC }"] {
            let list = list.replace("PAGE", page);
            let one = format!("query($id: ID!) {{ venture(id: $id) {{ id {list} }} }}");
            let all =
                format!("{{ ventures(filter: {{ category: \"tests\" }}) {{ nodes {{ id {list} }} }} }}");
            let together = gateway.data("VIEWER", &all, json!({})).await["ventures"]["nodes"].clone();
            for (number, venture) in ventures.iter().enumerate() {
                let alone = gateway.data("VIEWER", &one, json!({ "id": venture })).await["venture"].clone();
                assert_eq!(together[number], alone, "{page} on {kind:?}");
                assert_eq!(alone["history"]["totalCount"], number + 1);
                assert_eq!(alone["history"]["edges"].as_array().unwrap().len(), (number + 1).min(2));
                let more = if page.starts_with("last") { "hasPreviousPage" } else { "hasNextPage" };
                assert_eq!(alone["history"]["pageInfo"][more], number + 1 > 2);
            }
        }
    }
}

#[tokio::test]
async fn ventures_are_filtered_and_counted_within_their_portfolio() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        gateway.world.clock.advance(Duration::days(1));
        let day = gateway.world.app.clock().now().to_rfc3339();
        let resting = gateway.venture("Resting").await;
        let running = gateway.venture("Running").await;
        gateway.world.clock.advance(Duration::days(1));
        let later = gateway.world.app.clock().now().to_rfc3339();
        let input = json!({ "ventureId": resting, "reason": "Waiting for spring." });
        gateway.change("LEAD", "pauseVenture", "venture { id }", input).await;
        let input = json!({ "ventureId": running, "timeZone": "Asia/Tokyo" });
        gateway.change("LEAD", "updateVenture", "venture { id }", input).await;
        let cases = [
            (json!({}), 4),
            (json!({ "category": "tests" }), 2),
            (json!({ "category": "tests", "statuses": ["PAUSED"] }), 1),
            (json!({ "statuses": ["PAUSED", "ACTIVE"], "stages": [1] }), 4),
            (json!({ "stages": [2] }), 0),
            (json!({ "statuses": [] }), 0),
            (json!({ "ids": [resting, running] }), 2),
            (json!({ "ids": [resting, running], "statuses": ["ACTIVE"] }), 1),
            (json!({ "ids": [] }), 0),
            (json!({ "timeZones": ["Asia/Tokyo", "Europe/Vilnius"] }), 1),
            (json!({ "createdAt": { "from": day } }), 2),
            (json!({ "createdAt": { "from": day, "before": day } }), 0),
            (json!({ "createdAt": { "before": day } }), 2),
            (json!({ "updatedAt": { "from": later } }), 2),
            (json!({ "search": "runn", "createdAt": { "from": day } }), 1),
        ];
        let list = "(filter: $filter) { totalCount nodes { name } }";
        let query = format!(
            "query($filter: VentureFilter!) {{ ventures{list} portfolio(slug: \"demo\") {{ ventures{list} }} }}"
        );
        for (filter, count) in cases {
            let data = gateway.data("VIEWER", &query, json!({ "filter": filter })).await;
            assert_eq!(data["ventures"]["totalCount"], count, "{filter} on {kind:?}");
            assert_eq!(data["ventures"]["nodes"].as_array().unwrap().len(), count, "{filter} on {kind:?}");
            assert_eq!(data["portfolio"]["ventures"], data["ventures"], "{filter} on {kind:?}");
        }
    }
}

#[tokio::test]
async fn portfolios_and_dead_letters_are_lists_like_any() {
    let gateway = Arc::new(Gateway::open().await);
    for slug in ["beta", "alpha"] {
        gateway.world.clock.advance(Duration::seconds(1));
        let input = json!({ "slug": slug, "name": "One more portfolio" });
        gateway.change("ADMIN", "createPortfolio", "portfolio { id }", input).await;
    }
    let slugs = async |arguments: &str| {
        let query = format!("{{ portfolios({arguments}) {{ totalCount nodes {{ slug }} }} }}");
        let data = gateway.data("ADMIN", &query, json!({})).await["portfolios"].clone();
        let nodes = data["nodes"].as_array().unwrap().iter();
        let slugs: Vec<_> = nodes.map(|node| node["slug"].as_str().unwrap().to_owned()).collect();
        (slugs.join(" "), data["totalCount"].as_i64().unwrap())
    };
    let cases = [
        ("first: 10", "alpha beta demo", 3),
        ("first: 2", "alpha beta", 3),
        ("last: 1", "demo", 3),
        ("orderBy: { field: SLUG, direction: DESC }", "demo beta alpha", 3),
        ("orderBy: { field: CREATED_AT }", "demo beta alpha", 3),
        ("filter: { slugs: [\"beta\", \"nobody\"] }", "beta", 1),
        ("filter: { createdAt: { before: \"2001-01-01T00:00:00Z\" } }", "", 0),
    ];
    for (arguments, wanted, total) in cases {
        assert_eq!(slugs(arguments).await, (wanted.to_owned(), total), "{arguments}");
    }
    let portfolio = gateway.world.portfolio().await;
    for _ in 0..3 {
        park(&gateway, portfolio).await;
    }
    let listed = async |arguments: &str| {
        let query = format!(
            "{{ operations {{ deadLetters{arguments} {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage }} }} }} }}"
        );
        gateway.data("OPERATOR", &query, json!({})).await["operations"]["deadLetters"].clone()
    };
    let first = listed("(first: 1)").await;
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    let input = json!({ "deadLetterId": first["nodes"][0]["id"] });
    gateway.change("OPERATOR", "replayDeadLetter", "deadLetter { id }", input).await;
    let cases = [
        ("", 2),
        ("(filter: {})", 2),
        ("(filter: { replayed: true })", 1),
        ("(filter: { replayed: null })", 3),
        ("(filter: { replayed: null, queues: [\"tests\"], kinds: [\"nobody_knows.v1\"] })", 3),
        ("(filter: { queues: [\"others\"] })", 0),
    ];
    for (arguments, total) in cases {
        assert_eq!(listed(arguments).await["totalCount"], total, "{arguments}");
    }
}

#[tokio::test]
async fn limits_of_lists() {
    let gateway = Gateway::open().await;
    let stages = |count: usize| json!({ "filter": { "stages": vec![1; count] } });
    let query = "query($filter: VentureFilter!) { ventures(filter: $filter) { totalCount } }";
    assert_eq!(gateway.data("VIEWER", query, stages(100)).await["ventures"]["totalCount"], 2);
    let over = gateway.ask(gateway.token("VIEWER"), query, stages(101)).await;
    assert_eq!(code(&over), "INVALID_INPUT", "{over}");
}
