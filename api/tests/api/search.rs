//! Search: words, not syntax; the same on both databases.

use serde_json::{Value, json};
use testing::database::Kind;

use crate::gateway::{Gateway, code, mutation};

const DATABASES: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

async fn create(gateway: &Gateway, name: &str, category: &str, description: &str) -> String {
    let input = json!({ "name": name, "category": category, "description": description });
    let payload = gateway.change("CHAIRMAN", "createVenture", "venture { id }", input).await;
    payload["venture"]["id"].as_str().unwrap().to_owned()
}

async fn fill(gateway: &Gateway) {
    for (name, category, description) in [
        ("Solar pumps", "watts", "Water for fields, lifted by the sun and by nothing else."),
        ("Wind to grid", "solar-watts", "Turbines for small towns; a pump keeps what is left over."),
        ("Ledger of deeds", "finance", "Who owns which field, and the solar roofs on it, is written down."),
        ("Ökostrom für alle", "watts", "Grüner Strom aus der Nachbarschaft, zum Preis von 3.5 Cent."),
    ] {
        create(gateway, name, category, description).await;
    }
}

/// Names of what is found, best first.
async fn found(gateway: &Gateway, search: &str) -> Vec<String> {
    let query =
        "query($search: String!) { ventures(filter: { search: $search }) { totalCount nodes { name } } }";
    let data = gateway.data("VIEWER", query, json!({ "search": search })).await["ventures"].clone();
    let nodes = data["nodes"].as_array().unwrap();
    assert_eq!(data["totalCount"], nodes.len());
    nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn words_are_found_wherever_they_stand_best_first() {
    for kind in DATABASES {
        let gateway = Gateway::on(kind).await;
        fill(&gateway).await;
        let (pumps, wind, deeds, strom) =
            ("Solar pumps", "Wind to grid", "Ledger of deeds", "Ökostrom für alle");
        let cases = [
            // The name counts most, then the category, then the description; of equals, the newest first.
            ("solar", vec![pumps, wind, deeds]),
            ("SOLAR", vec![pumps, wind, deeds]),
            ("solar pump", vec![pumps, wind]),
            ("pump solar", vec![wind]),
            ("sola", vec![pumps, wind, deeds]),
            ("sola pumps", vec![]),
            ("watts", vec![strom, wind, pumps]),
            ("field", vec![deeds, pumps]),
            ("ökostrom", vec![strom]),
            ("ÖKO", vec![strom]),
            ("okostrom", vec![]),
            ("3.5", vec![strom]),
            ("solar-watts turbines", vec![wind]),
            ("nothing of the sort", vec![]),
        ];
        for (search, wanted) in cases {
            assert_eq!(found(&gateway, search).await, wanted, "{search} on {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_search_is_data() {
    for kind in DATABASES {
        let gateway = Gateway::on(kind).await;
        fill(&gateway).await;
        for (search, wanted) in [
            ("solar\" OR \"finance", 0),
            ("watts' | 'finance", 0),
            ("solar OR finance", 0),
            ("solar NOT pump", 0),
            ("name:solar", 0),
            ("{name}: solar", 0),
            ("'); DROP TABLE venture; --", 0),
            ("solar*", 3),
            ("(solar)", 3),
            ("!solar", 3),
            ("solar & pumps:*W <-> \\", 1),
            ("^solar", 3),
            ("\"solar\"", 3),
            ("so\u{0}lar", 0),
            ("solar\\", 3),
            ("so_lar", 0),
            ("solar — pump", 2),
            ("हिन्दी", 0),
            ("?1 $1 %s", 0),
        ] {
            assert_eq!(found(&gateway, search).await.len(), wanted, "{search:?} on {kind:?}");
        }
        assert_eq!(found(&gateway, "watts").await.len(), 3, "all is there still");
    }
}

#[tokio::test]
async fn what_is_said_of_a_venture_is_found_as_soon_as_it_is_said() {
    for kind in DATABASES {
        let gateway = Gateway::on(kind).await;
        let id = create(&gateway, "Before it", "tests", "A venture that will be called otherwise.").await;
        assert_eq!(found(&gateway, "before").await, ["Before it"]);
        let input = json!({ "ventureId": id, "name": "Afterwards" });
        gateway.change("LEAD", "updateVenture", "venture { id }", input).await;
        assert_eq!(found(&gateway, "before").await, Vec::<String>::new());
        assert_eq!(found(&gateway, "afterwards otherwise").await, ["Afterwards"]);
        let input = json!({ "ventureId": id, "reason": "Waiting for spring." });
        gateway.change("LEAD", "pauseVenture", "venture { id }", input).await;
        assert_eq!(found(&gateway, "afterwards").await, ["Afterwards"], "once, whatever else changes");
    }
}

#[tokio::test]
async fn relevance_is_read_page_by_page_while_ventures_come() {
    for kind in DATABASES {
        let gateway = Gateway::on(kind).await;
        for number in 0..9 {
            let (name, category) = match number % 3 {
                0 => (format!("Haven {number}"), "tests"),
                1 => (format!("Quay {number}"), "haven"),
                _ => (format!("Pier {number}"), "tests"),
            };
            create(&gateway, &name, category, "A place for ships near the haven.").await;
        }
        let query = "query($after: String) {
          ventures(filter: { search: \"haven\" }, orderBy: { field: RELEVANCE }, first: 2, after: $after) {
            nodes { name } pageInfo { hasNextPage endCursor }
          }
        }";
        let mut read = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = gateway.data("VIEWER", query, json!({ "after": after })).await["ventures"].clone();
            let nodes = page["nodes"].as_array().unwrap().iter();
            read.extend(nodes.map(|node| node["name"].as_str().unwrap().to_owned()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
            // A better one each time: it lies before the page, and changes no other's place.
            create(&gateway, &format!("Haven haven {}", read.len()), "haven", "A haven like any other.")
                .await;
        }
        assert_eq!(read.len(), 9, "{read:?} on {kind:?}");
        let kinds: Vec<_> = read.iter().map(|name| name.split(' ').next().unwrap()).collect();
        assert_eq!(kinds[..3], ["Haven"; 3], "on {kind:?}");
        assert_eq!(kinds[3..6], ["Quay"; 3]);
        assert_eq!(kinds[6..], ["Pier"; 3]);
    }
}

#[tokio::test]
async fn a_search_keeps_to_its_limits_and_to_the_callers_portfolios() {
    let gateway = Gateway::open().await;
    fill(&gateway).await;
    let ask = async |arguments: &str| {
        let query = format!("{{ ventures({arguments}) {{ nodes {{ id }} }} }}");
        code(&gateway.ask(gateway.token("VIEWER"), &query, json!({})).await).to_owned()
    };
    let search = |text: &str| format!("filter: {{ search: {text:?} }}");
    for good in ["x".repeat(200), "ä".repeat(200), "x ".repeat(16)] {
        assert_eq!(ask(&search(&good)).await, "none", "{good}");
    }
    for bad in [String::new(), "  ".into(), "-*-".into(), "x".repeat(201), "ä".repeat(201), "x ".repeat(17)]
    {
        assert_eq!(ask(&search(&bad)).await, "INVALID_INPUT", "{bad}");
    }
    assert_eq!(ask("orderBy: { field: RELEVANCE }").await, "INVALID_INPUT", "without a search");
    let input = json!({ "slug": "second", "name": "A second one" });
    let query = mutation("createPortfolio", "portfolio { id }");
    let made = gateway.ask(gateway.token("ADMIN"), &query, json!({ "input": input })).await;
    let portfolio = made["data"]["createPortfolio"]["portfolio"]["id"].clone();
    let query = "query($id: ID!) { portfolio(slug: \"second\") { ventures(filter: { search: \"solar\" }) { totalCount } } \
                 ventures(filter: { search: \"solar\", portfolioId: $id }) { totalCount } }";
    let data = gateway.data("ADMIN", query, json!({ "id": portfolio })).await;
    assert_eq!(data["ventures"]["totalCount"], 0);
    assert_eq!(data["portfolio"]["ventures"]["totalCount"], 0);
}
