//! The schema explains itself, and the committed copy of it is the schema.

use std::collections::BTreeSet;

use crate::{
    gateway::Gateway,
    introspection::{Introspected, list},
};

/// Types that the GraphQL specification describes.
const BUILT_IN: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

#[test]
fn the_committed_schema_is_the_schema() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql"));
    let committed = committed.expect("schema.graphql: run `cargo run -- schema > schema.graphql`");
    assert!(
        committed.trim_end() == api::sdl().trim_end(),
        "schema.graphql is not the schema: run `cargo run -- schema > schema.graphql`"
    );
}

#[tokio::test]
async fn everything_in_it_has_a_description() {
    let gateway = Gateway::open().await;
    let mut silent = Vec::new();
    let mut seen = 0;
    for kind in Introspected::of(&gateway).await.types() {
        let name = kind["name"].as_str().unwrap();
        if BUILT_IN.contains(&name) {
            continue;
        }
        let mut look = |path: String, described: &serde_json::Value| {
            seen += 1;
            if described["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                silent.push(path);
            }
        };
        look(name.to_owned(), kind);
        for part in ["fields", "inputFields", "enumValues"] {
            for member in list(&kind[part]) {
                let path = format!("{name}.{}", member["name"].as_str().unwrap());
                look(path.clone(), member);
                for argument in list(&member["args"]) {
                    look(format!("{path}({})", argument["name"].as_str().unwrap()), argument);
                }
            }
        }
    }
    silent.sort();
    assert_eq!(silent, Vec::<String>::new(), "without a description");
    assert!(seen > 200, "only {seen} descriptions were looked at");
}

/// The body of an object type or an input of the schema, without what is around it.
fn body<'a>(sdl: &'a str, keyword: &str, name: &str) -> &'a str {
    let start = format!("\n{keyword} {name} {{\n");
    let from = sdl.find(&start).unwrap_or_else(|| panic!("there is no {keyword} {name}")) + start.len();
    sdl[from..].split_once("\n}").unwrap().0
}

/// Idempotency keys and refusals are no affair of a single mutation, and so look and cost the same in all.
#[tokio::test]
async fn every_mutation_takes_a_key_and_tells_refusals_in_the_same_words() {
    let gateway = Gateway::open().await;
    let sdl = api::sdl();
    let schema = Introspected::of(&gateway).await;
    let root = schema.types().find(|kind| kind["name"] == "Mutation").unwrap();
    let lines = |body: &str, field: &str| -> String {
        let (before, rest) = body.split_once(&format!("\n\t{field}: ")).unwrap_or_else(|| {
            panic!("{field} is missing in {body}; mutations answer through `change::change`")
        });
        let described =
            before.strip_suffix("\n\t\"\"\"").unwrap_or_else(|| panic!("{field} has no description"));
        let description = described.rsplit_once("\t\"\"\"\n").map_or(described, |(_, text)| text);
        format!("{description}: {}", rest.lines().next().unwrap())
    };
    let (mut keys, mut refusals) = (BTreeSet::new(), BTreeSet::new());
    for field in list(&root["fields"]) {
        let input = list(&field["args"])[0]["type"]["ofType"]["name"].as_str().unwrap();
        keys.insert(lines(body(&sdl, "input", input), "idempotencyKey"));
        let payload = field["type"]["name"].as_str().unwrap();
        refusals.insert(lines(body(&sdl, "type", payload), "userErrors"));
    }
    assert_eq!(keys.len(), 1, "{keys:#?}");
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    assert!(refusals.first().unwrap().ends_with("[UserError!]! @listSize(assumedSize: 1)"), "{refusals:?}");
}
