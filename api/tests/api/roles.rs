//! Who may do what, as a golden table: every mutation, and every query that is not for all members, by every role
//! of the demo portfolio. `roles.txt` is what is expected; a change of it is a change of who may do what. The
//! member and the token in the calls are the LEAD's own, who so may do what is for oneself.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::json;

use crate::{
    gateway::{Gateway, code},
    introspection::Introspected,
    records,
};

/// Queries that are for some members alone.
const QUERIES: [(&str, &str); 5] = [
    ("Query.operations", "{ operations { outboxCount } }"),
    ("Portfolio.tokens", "{ portfolio(slug: \"demo\") { tokens { totalCount } } }"),
    ("Portfolio.webhookEndpoints", "{ portfolio(slug: \"demo\") { webhookEndpoints { totalCount } } }"),
    ("Portfolio.webhookSources", "{ portfolio(slug: \"demo\") { webhookSources { totalCount } } }"),
    ("Query.ventures", "{ ventures { totalCount } }"),
];

/// Mutations that take away what others need are called last.
fn is_last(name: &str) -> bool {
    ["delete", "remove", "revoke"].iter().any(|verb| name.starts_with(verb))
}

/// Whether a role may do each operation. It may when it gets past authorisation, whatever a rule says then.
async fn allowed(role: &str) -> BTreeMap<String, bool> {
    let gateway = Gateway::open().await;
    let records = records::of_all_kinds(&gateway).await;
    let ids: Vec<_> = records.iter().map(|(argument, id)| (*argument, id.as_str())).collect();
    let mut calls = Introspected::of(&gateway).await.calls("Mutation", &ids);
    calls.sort_by_key(|call| is_last(&call.name));
    let calls = calls.into_iter().map(|call| {
        // A key that was used before would be answered before anybody asks who may.
        let text = call.text.replace(", idempotencyKey: \"x\"", "");
        (format!("Mutation.{}", call.name), format!("mutation {{ {text} }}"))
    });
    let queries = QUERIES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let mut allowed = BTreeMap::new();
    for (name, text) in queries.chain(calls) {
        let answer = gateway.ask(gateway.token(role), &text, json!({})).await;
        let found = answer["errors"].as_array().map_or("", |_| code(&answer));
        assert!(["", "FORBIDDEN"].contains(&found), "{role} {name}: {answer}");
        allowed.insert(name, found.is_empty());
    }
    allowed
}

#[tokio::test]
async fn who_may_do_what_is_as_the_table_says() {
    let gateway = Gateway::open().await;
    let mut roles: Vec<_> = gateway.world.tokens.keys().cloned().collect();
    roles.sort();
    let mut table: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for role in &roles {
        for (operation, may) in allowed(role).await {
            if may {
                table.entry(operation).or_default().push(role);
            } else {
                table.entry(operation).or_default();
            }
        }
    }
    let mut text = String::new();
    for (operation, who) in &table {
        let who = if who.len() == roles.len() { "every role".to_owned() } else { who.join(" ") };
        writeln!(text, "{operation}: {}", if who.is_empty() { "nobody" } else { &who }).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/roles.txt");
    let expected = std::fs::read_to_string(path).unwrap();
    assert!(text == expected, "{path} says otherwise. Now it is:\n{text}");
}
