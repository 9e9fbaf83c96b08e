//! The number of SQL statements of a query does not depend on how many rows it shows.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use delivery::Faults;
use serde_json::{Value, json};
use testing::world::{World, until};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, registry};

use crate::{gateway::Gateway, webhooks_in::Source};

const QUERY: &str = "query($first: Int!) {
  ventures(first: $first, filter: { category: \"tests\" }) {
    totalCount
    nodes {
      name portfolio { name playbook { version } }
      stage { number title }
      history(first: 5, filter: { types: [\"stage.opened.v1\", \"attestation.given.v1\"] }) {
        totalCount nodes { sequence type } edges { cursor }
      }
      stageRuns(last: 5, orderBy: { field: DUE_AT }) {
        totalCount nodes { attempt stage { number } gateRuns(first: 2) { totalCount nodes { verdict } } }
      }
      gateRuns(first: 3, filter: { statuses: [SUCCEEDED] }) { totalCount nodes { id requestedBy { name } } }
      evidence(first: 3) { totalCount nodes { title submittedBy { name } } }
      stageRun {
        playbook { id }
        gates { key latestRun { verdict requestedBy { name } criteria { verdict evidence { id title } } } }
        doneWhen { key done attestation { by { name } evidence { title } } }
        attestations { target by { handle } }
        evidence { title submittedBy { name } file { name } }
      }
    }
  }
}";

/// Counts the statements that reach the database driver, within a transaction and outside of any.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Statements {
    /// How many there were.
    fn so_far(&self) -> usize {
        // A test beside this one, which counts nothing, may have been the first to come by a span, and have had
        // it switched off for all.
        tracing::callsite::rebuild_interest_cache();
        self.0.load(Ordering::Relaxed)
    }
}

impl<S: tracing::Subscriber + for<'a> registry::LookupSpan<'a>> Layer<S> for Statements {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: Context<'_, S>,
    ) {
        let span = attributes.metadata();
        let runs: &[_] = match span.target() {
            "sea_orm::database::transaction" => &["execute_raw", "query_one_raw", "query_all_raw"],
            target if target.starts_with("sea_orm::driver") => {
                &["execute", "execute_unprepared", "query_one", "query_all", "stream"]
            }
            _ => &[],
        };
        if runs.contains(&span.name()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Leads a venture to where each part of the query has something to show.
async fn lead(gateway: &Gateway, world: &World, count: usize) {
    let mut ventures = Vec::new();
    for number in 0..count {
        ventures.push(gateway.venture(&format!("Venture {number}")).await);
    }
    for stage in 1..=2 {
        for id in &ventures {
            prepare(gateway, id, if stage == 1 { "EXIT" } else { "ENTRY" }).await;
        }
        world.settled().await;
        if stage == 1 {
            for id in &ventures {
                let input = json!({ "ventureId": id });
                gateway.change("CHAIRMAN", "advanceVenture", "venture { id }", input).await;
            }
        }
    }
    for id in &ventures {
        gateway.attest("CHAIRMAN", id, json!({ "doneWhen": "top-5-risks-ranked" })).await;
    }
}

/// Attests what the stage wants of people, and asks for its gates of a kind.
async fn prepare(gateway: &Gateway, id: &str, kind: &str) {
    let query = "query($id: ID!) { venture(id: $id) { stageRun { doneWhen { key } gates { key kind criteria { key rule } } } } }";
    let run = gateway.data("CHAIRMAN", query, json!({ "id": id })).await["venture"]["stageRun"].clone();
    if kind == "EXIT" {
        for label in run["doneWhen"].as_array().unwrap() {
            gateway.attest("CHAIRMAN", id, json!({ "doneWhen": label["key"] })).await;
        }
    }
    for gate in run["gates"].as_array().unwrap().iter().filter(|gate| gate["kind"] == kind) {
        for criterion in gate["criteria"].as_array().unwrap().iter().filter(|c| c["rule"].is_null()) {
            let target = json!({ "criterion": { "gate": gate["key"], "criterion": criterion["key"] } });
            gateway.attest("CHAIRMAN", id, target).await;
        }
        let input = json!({ "ventureId": id, "gate": gate["key"] });
        gateway.change("CHAIRMAN", "requestGateValidation", "gateRun { id }", input).await;
    }
}

/// The number of statements of the query, and the ventures it showed.
async fn count(gateway: &Gateway, statements: &Statements, first: usize) -> (usize, Vec<Value>) {
    let before = statements.so_far();
    let data = gateway.data("VIEWER", QUERY, json!({ "first": first })).await;
    let shown = data["ventures"]["nodes"].as_array().unwrap().clone();
    (statements.so_far() - before, shown)
}

#[tokio::test]
async fn twenty_ventures_take_as_many_statements_as_two() {
    let gateway = Gateway::open().await;
    let process = gateway.world.start(Faults::default()).await;
    lead(&gateway, &gateway.world, 20).await;
    process.drain().await;
    let statements = Statements::default();
    let subscriber = registry().with(statements.clone());
    let _counting = tracing::subscriber::set_default(subscriber);
    count(&gateway, &statements, 1).await;
    let (few, two) = count(&gateway, &statements, 2).await;
    let (many, twenty) = count(&gateway, &statements, 20).await;
    assert_eq!((two.len(), twenty.len()), (2, 20));
    for venture in &twenty {
        let run = &venture["stageRun"];
        assert_eq!(venture["stage"]["number"], 2);
        assert_eq!(venture["stageRuns"]["totalCount"], 2);
        assert_eq!(venture["stageRuns"]["nodes"][0]["gateRuns"]["nodes"][1]["verdict"], "PASS");
        for list in ["history", "gateRuns", "evidence"] {
            assert!(venture[list]["totalCount"].as_i64().unwrap() > 3, "{list}");
            assert!(venture[list]["nodes"].as_array().unwrap().len() >= 3, "{list}");
        }
        assert_eq!(run["gates"][0]["latestRun"]["criteria"][0]["evidence"][0]["title"], "Minutes");
        assert!(run["doneWhen"].as_array().unwrap().iter().any(|label| label["done"] == true));
    }
    assert!((5..=40).contains(&few), "{few} statements for two ventures");
    // Loads of one kind that come too far apart for one batch make a second one, whatever the rows: a few
    // more or less on a busy machine, where growth with the rows would be eighteen at the least.
    assert!(many <= few + 4, "{many} statements for twenty ventures, {few} for two");
}

#[tokio::test]
async fn a_list_is_counted_only_when_asked_for() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Counted").await;
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(registry().with(statements.clone()));
    for list in ["ventures(first: 2)", "jobs", "portfolios"] {
        let ask = async |total: &str| {
            let before = statements.so_far();
            gateway.data("VIEWER", &format!("{{ {list} {{ nodes {{ id }} {total} }} }}"), json!({})).await;
            statements.so_far() - before
        };
        ask("").await;
        let (without, with) = (ask("").await, ask("totalCount").await);
        assert_eq!(with, without + 1, "{list}");
    }
    let ask = async |total: &str| {
        let before = statements.so_far();
        let query =
            format!("query($id: ID!) {{ venture(id: $id) {{ history {{ nodes {{ id }} {total} }} }} }}");
        gateway.data("VIEWER", &query, json!({ "id": venture })).await;
        statements.so_far() - before
    };
    let (without, with) = (ask("").await, ask("totalCount").await);
    assert_eq!(with, without + 1, "under a venture");
}

#[tokio::test]
async fn what_waits_takes_as_many_statements_for_twenty_ventures_as_for_two() {
    let gateway = Gateway::open().await;
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(registry().with(statements.clone()));
    let query = "{ viewer { waiting(first: 100) { nodes { ... on WaitingStageRun { \
                 venture { name } stageRun { stage { number } } steps { text } } } } } }";
    taken(&gateway, &statements, query, json!({})).await;
    let two = taken(&gateway, &statements, query, json!({})).await;
    for number in 0..18 {
        gateway.venture(&format!("Venture {number}")).await;
    }
    let twenty = taken(&gateway, &statements, query, json!({})).await;
    assert!((5..=12).contains(&two), "{two} statements for two ventures");
    assert_eq!(twenty, two);
}

/// Statements that a query of `first` records takes for one; for four of them as many are enough.
async fn as_many_for_four_as_for_one(gateway: &Gateway, query: &str) -> usize {
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(registry().with(statements.clone()));
    taken(gateway, &statements, query, json!({ "first": 1 })).await;
    let one = taken(gateway, &statements, query, json!({ "first": 1 })).await;
    let four = taken(gateway, &statements, query, json!({ "first": 4 })).await;
    // Loads of one kind may come too far apart for one batch.
    assert!(four <= one + 2, "{four} statements for four records, {one} for one");
    one
}

/// The demo's portfolio, and three more.
async fn four_portfolios() -> Gateway {
    let gateway = Gateway::open().await;
    for slug in ["second", "third", "fourth"] {
        let input = json!({ "slug": slug, "name": "One more" });
        gateway.change("ADMIN", "createPortfolio", "portfolio { id }", input).await;
    }
    gateway
}

/// How many statements a query takes.
async fn taken(gateway: &Gateway, statements: &Statements, query: &str, variables: Value) -> usize {
    let before = statements.so_far();
    gateway.data("ADMIN", query, variables).await;
    statements.so_far() - before
}

#[tokio::test]
async fn who_asks_is_one_statement() {
    let gateway = Gateway::open().await;
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(registry().with(statements.clone()));
    let query = "{ viewer { handle memberships { roles } } }";
    // The first use of a token is written beside the request.
    taken(&gateway, &statements, query, json!({})).await;
    let used = "{ viewer { credential { ... on ApiToken { lastUsedAt } } } }";
    let written = || async {
        gateway.data("ADMIN", used, json!({})).await["viewer"]["credential"]["lastUsedAt"].is_string()
    };
    assert!(until(written).await);
    assert_eq!(taken(&gateway, &statements, query, json!({})).await, 1);
}

#[tokio::test]
async fn what_sources_sent_takes_as_many_statements_for_four_as_for_one() {
    let gateway = Gateway::open().await;
    for _ in 0..4 {
        let source = Source::of(&gateway, &["INTEGRATION"]).await;
        for number in 0..3 {
            source.send(&gateway, &format!("msg_{number}"), "nobody.knows", json!({})).await;
        }
    }
    let query = "query($first: Int!) { portfolio(slug: \"demo\") { webhookSources(first: $first) { nodes {
        name person { handle } createdBy { name } events(first: 2) { totalCount nodes { type source { name } } }
    } } } }";
    let one = as_many_for_four_as_for_one(&gateway, query).await;
    assert!((4..=8).contains(&one), "{one} statements for one source");
}

#[tokio::test]
async fn lists_within_lists_take_as_many_statements_for_four_as_for_one() {
    let gateway = four_portfolios().await;
    let query = "query($first: Int!) { portfolios(first: $first) { nodes {
        members(first: 2, orderBy: { field: JOINED_AT }) { totalCount nodes { roles person { handle email } } }
        tokens(last: 2) { totalCount nodes { label person { handle } } }
    } } }";
    let one = as_many_for_four_as_for_one(&gateway, query).await;
    assert!((5..=9).contains(&one), "{one} statements for one portfolio");
}

#[tokio::test]
async fn webhooks_take_as_many_statements_for_four_as_for_one() {
    let gateway = four_portfolios().await;
    let data = gateway.data("ADMIN", "{ portfolios { nodes { id } } }", json!({})).await;
    for portfolio in data["portfolios"]["nodes"].as_array().unwrap() {
        let admin = gateway.token("ADMIN").unwrap();
        gateway.endpoint(admin, portfolio["id"].as_str().unwrap(), "https://example.com/").await;
    }
    let query = "query($first: Int!) { portfolios(first: $first) { nodes { webhookEndpoints(first: 2) {
        totalCount nodes { url secrets { hint } createdBy { handle } deliveries(first: 2) { totalCount nodes {
            body endpoint { id } event { id } attempts { number }
        } } }
    } } } }";
    let one = as_many_for_four_as_for_one(&gateway, query).await;
    assert!((8..=12).contains(&one), "{one} statements for one portfolio");
}

#[tokio::test]
async fn a_command_takes_no_statement_to_know_that_nobody_listens() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Heard or not").await;
    let statements = Statements::default();
    let _counting = tracing::subscriber::set_default(registry().with(statements.clone()));
    let rename = async |name: &str| {
        let before = statements.so_far();
        let input = json!({ "ventureId": venture, "name": name });
        gateway.change("LEAD", "updateVenture", "venture { name }", input).await;
        statements.so_far() - before
    };
    rename("For the first time").await;
    let unheard = rename("Unheard").await;
    let data = gateway.data("ADMIN", "{ portfolio(slug: \"demo\") { id } }", json!({})).await;
    let admin = gateway.token("ADMIN").unwrap();
    gateway.endpoint(admin, data["portfolio"]["id"].as_str().unwrap(), "https://example.com/").await;
    let heard = rename("Heard").await;
    assert!(unheard >= 6, "{unheard}: those of the transaction are counted");
    assert_eq!(heard, unheard + 1, "the one that writes the message");
}
