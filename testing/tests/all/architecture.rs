//! The layout as a rule: who may import whom, what the codemap names, and that every message has a handler.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;
use testing::world::workers;

/// `(crate, crates of ours it may depend on)`.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("bus", &[]),
    ("outbound", &[]),
    ("process", &[]),
    ("entity", &[]),
    ("migration", &[]),
    ("app", &["domain", "entity"]),
    ("delivery", &["app", "bus"]),
    ("api", &["app", "delivery", "domain", "outbound", "process"]),
    ("worker", &["app", "delivery", "domain", "outbound", "process"]),
    ("standalone", &["api", "app", "delivery", "domain", "migration", "outbound", "process", "worker"]),
];

/// Dependencies of each crate of the workspace, without those of its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("its JSON");
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let all = package["dependencies"].as_array().unwrap().iter();
            let normal = all.filter(|dependency| dependency["kind"].is_null());
            let names = normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn crates_import_only_what_they_may() {
    let dependencies = dependencies();
    let ours: BTreeSet<_> = dependencies.keys().cloned().collect();
    let expected: BTreeSet<_> = ALLOWED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .chain(["bench", "testing"].map(str::to_owned))
        .collect();
    assert_eq!(ours, expected, "a new crate needs a row here");
    for (name, allowed) in ALLOWED {
        let imported: BTreeSet<_> = dependencies[name].intersection(&ours).map(String::as_str).collect();
        assert!(imported.is_subset(&allowed.iter().copied().collect()), "{name} imports {imported:?}");
    }
    for face in ["api", "worker"] {
        for hidden in ["sea-orm", "entity", "lapin"] {
            assert!(!dependencies[face].contains(hidden), "{face} names {hidden}");
        }
    }
    for foreign in ["tokio", "sea-orm", "async-graphql", "rand"] {
        assert!(!dependencies["domain"].contains(foreign), "domain names {foreign}");
    }
}

#[test]
fn the_codemap_names_every_crate() {
    let map = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md")).unwrap();
    for name in dependencies().keys() {
        assert!(
            map.contains(&format!("`{name}/`")) || map.contains(&format!("{name}/ ")),
            "{name} is not in ARCHITECTURE.md"
        );
    }
    assert!(map.lines().count() <= 150, "{} lines", map.lines().count());
}

#[test]
fn every_message_has_a_handler_and_every_handler_its_message() {
    let bound: BTreeSet<_> = delivery::topology("test")
        .queues
        .into_iter()
        .flat_map(|queue| queue.kinds.into_iter().map(move |kind| (queue.name.clone(), kind)))
        .collect();
    let handled: BTreeSet<_> = workers()
        .iter()
        .flat_map(|worker| worker.handlers.iter().map(|handler| (worker.queue.to_owned(), handler.kind())))
        .collect();
    assert_eq!(bound, handled);
}
