//! The layout as a rule: who may import whom, what the codemap names, and that every message has a handler.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use app::messages;
use serde_json::Value;
use testing::world::workers;

/// `(crate, crates of ours it may depend on)`.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("bus", &[]),
    ("outbound", &[]),
    ("process", &[]),
    ("entity", &["domain"]),
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
fn every_message_has_one_handler_and_every_handler_its_message() {
    let declared: BTreeMap<String, &str> =
        messages::ALL.iter().map(|message| (message.kind(), message.queue)).collect();
    assert_eq!(declared.len(), messages::ALL.len(), "a kind stands twice in `app::messages::ALL`");
    let mut handlers = BTreeMap::<String, Vec<&str>>::new();
    for worker in &workers() {
        for kind in worker.kinds() {
            handlers.entry(kind.to_owned()).or_default().push(worker.queue());
        }
    }
    for (kind, queue) in &declared {
        let found = handlers.get(kind).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(
            found,
            [*queue],
            "{kind} goes to the queue `{queue}`, and exactly one worker of that name must register a handler of it: \
             look into `worker/src/`, and whether `worker::all` names the worker"
        );
    }
    for kind in handlers.keys() {
        assert!(
            declared.contains_key(kind),
            "{kind} has a handler: `app::messages::ALL` must name its message"
        );
    }
}
