//! The schema explains itself, and the committed copy of it is the schema.

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
