//! Bad playbooks: each fault with its file, line and column.

use std::collections::BTreeMap;

use super::fixture::{load, small, stage};

type Files = BTreeMap<String, String>;

fn faults(files: &Files) -> Vec<String> {
    load(files).expect_err("it must not load").iter().map(ToString::to_string).collect()
}

/// Replaces `from`, which must be there, by `to`.
fn edit(files: &mut Files, file: &str, from: &str, to: &str) {
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from:?} is not in {file}");
    *text = text.replacen(from, to, 1);
}

#[test]
fn one_edit_gives_one_fault_at_its_place() {
    let one = "stages/01.yaml";
    let two = "stages/02.yaml";
    let main = "playbook.yaml";
    for (file, from, to, expected) in [
        (one, "summary: s", "summary: s\ncolour: red", "stages/01.yaml:6:1: unknown field `colour`"),
        (one, "title: S\n", "title: S\ntitle: S\n", "stages/01.yaml:3:1: duplicate mapping key: title"),
        (one, "expected_days: 10", "expected_days: ten", "stages/01.yaml:18:16: "),
        (one, "number: 1\n", "number: 7\n", "stages/01.yaml:1:9: stage 7 of a playbook with 2"),
        (two, "number: 2\n", "number: 1\n", "stages/02.yaml:1:9: stage 1 stands in stages/01.yaml too"),
        (one, "depends_on: []", "depends_on: [9]", "stages/01.yaml:6:14: unknown stage 9"),
        (one, "phase: all", "phase: some", "stages/01.yaml:3:8: unknown phase \"some\""),
        (one, "owner: LEAD", "owner: NOBODY", "stages/01.yaml:4:8: unknown role \"NOBODY\""),
        (one, "owner: LEAD", "owner: ADMIN", "stages/01.yaml:4:8: unknown role \"ADMIN\""),
        (
            two,
            "label: Gate",
            "label: Gate\n    on_failure: {recurse_to: {stage: 5}}",
            "stages/02.yaml:11:38: unknown stage 5",
        ),
        (
            one,
            "label: Gate",
            "label: Gate\n    on_failure: {recurse_to: {stage: 1}}",
            "stages/01.yaml:11:38: stage 1 does not come before stage 1",
        ),
        (
            one,
            "entry_gates: []",
            "entry_gates: [{key: gate, label: G}]",
            "stages/01.yaml:9:10: gate key \"gate\" is taken",
        ),
        (
            one,
            "entry_gates: []",
            "entry_gates: [{key: e, label: G, criteria: []}]",
            "stages/01.yaml:7:44: gate e has no criteria",
        ),
        (
            one,
            "[{label: Some label}]",
            "[{label: A}, {label: a}]",
            "stages/01.yaml:23:37: done-when key \"a\" is taken",
        ),
        (two, "key: '2.1'", "key: '1.1'", "stages/02.yaml:20:10: substage \"1.1\" exists already"),
        (one, "expected_days: 5", "expected_days: 0", "stages/01.yaml:22:20: 0 days, 1 to 3650 are allowed"),
        (main, "last_stage: 2", "last_stage: 3", "playbook.yaml:4:5: phase \"all\" spans 1 to 3"),
        (main, "last_stage: 2", "last_stage: 1", "stages/02.yaml:3:8: stage 2 is outside of phase"),
        (main, "LEAD: {", "lead: {", "playbook.yaml:6:9: a role is 2 to 40 characters"),
        (main, "source: stages", "source: nowhere", "playbook.yaml:10:46: unknown variant `nowhere`"),
        (
            main,
            "venture.name",
            "venture.shoe_size",
            "playbook.yaml:9:22: fact venture.shoe_size: the platform supplies no such fact",
        ),
        (
            main,
            "range: [0, 100]",
            "range: [100, 0]",
            "playbook.yaml:12:18: fact metric.uptime: 100 to 0 is no range",
        ),
    ] {
        let mut files = small(2);
        edit(&mut files, file, from, to);
        let found = faults(&files);
        assert!(
            found.iter().any(|fault| fault.starts_with(expected)),
            "{to:?}: {found:#?}\nexpected {expected}"
        );
    }
}

#[test]
fn a_rule_is_checked_where_it_stands() {
    let deep = format!("{}metric.users{} > 1", "(".repeat(41), ")".repeat(41));
    let long = format!("metric.users > 1{}", " && metric.users > 1".repeat(100));
    let tall = format!("metric.users{} > 1", " + 1".repeat(60));
    for (rule, column, message) in [
        ("metric.userz >= 1", 15, "unknown fact \"metric.userz\""),
        ("metric.users >= 1 && metric.uptimes > 2.0", 36, "unknown fact \"metric.uptimes\""),
        ("metric.users", 15, "yields int, a rule must yield bool"),
        ("metric.uptime >= 99", 15, ">= does not apply to double and int"),
        ("metric.users + 1.0 > 2.0", 15, "+ does not apply to int and double"),
        ("metric.users == venture.name", 15, "== does not apply to int and string"),
        ("1 == 1", 15, "reads no fact"),
        ("metric.users / 0 > 1", 15, "divides by something else"),
        ("metric.users > 1 || venture.name.matches('a')", 35, "matches() is not allowed here"),
        ("has(metric.users)", 19, "fields can be read of facts only"),
        ("stages.completed.all(x, x > metric.users)", 0, ""),
        ("stages.completed.all(x, stages.completed.exists(y, y == x))", 39, "exists() inside another macro"),
        ("stages.completed.all(x, x in stages.completed)", 15, "may take "),
        ("stages.completed.all(metric, metric > 1)", 15, "the variable \"metric\" hides facts"),
        ("stages.completed.all(x, x + 1)", 39, "all() tests a bool, not int"),
        ("metric.users >", 29, "not an expression"),
        ("metric.users in [1, 2.0]", 35, "a list of int cannot hold double"),
        ("stages.completed[0] == 1", 15, "this operator is not allowed"),
        (deep.as_str(), 35, "nested deeper than 20 brackets"),
        (long.as_str(), 15, "longer than 1024 bytes"),
        ("'\"(((((((((((((((((((((((((((\" == venture.name'", 0, ""),
    ] {
        let mut files = small(1);
        files.insert("stages/01.yaml".to_owned(), stage(1, "", rule));
        match load(&files) {
            Ok(_) => assert_eq!(message, "", "{rule} loads"),
            Err(found) => {
                let found: Vec<_> = found.iter().map(ToString::to_string).collect();
                let expected = format!("stages/01.yaml:12:{column}: {message}");
                let hit = found.iter().any(|fault| fault.starts_with(&expected));
                assert!(hit && !message.is_empty(), "{rule}\n{found:#?}\nexpected {expected}");
            }
        }
    }
    let mut files = small(1);
    files.insert("stages/01.yaml".to_owned(), stage(1, "", &format!("'{tall}'")));
    assert!(faults(&files)[0].contains("nested deeper than 40 operators"));
}

#[test]
fn places_hold_in_quotes_and_in_blocks() {
    for (rule, line, column) in [
        ("'venture.nam == \"a\"'", 12, 16),
        ("\"venture.nam == 'a'\"", 12, 16),
        ("|\n          metric.users > 1 &&\n          venture.nam == 'a'", 14, 11),
    ] {
        let mut files = small(1);
        files.insert("stages/01.yaml".to_owned(), stage(1, "", rule));
        let expected = format!("stages/01.yaml:{line}:{column}: unknown fact \"venture.nam\"");
        assert_eq!(faults(&files), [expected], "{rule}");
    }
}

#[test]
fn a_cycle_is_named() {
    let mut files = small(4);
    edit(&mut files, "stages/02.yaml", "depends_on: [1]", "depends_on: [1, 4]");
    assert_eq!(
        faults(&files),
        ["stages/03.yaml:6:14: stages depend on each other in a cycle: 2 → 4 → 3 → 2"],
    );
    let mut files = small(1);
    edit(&mut files, "stages/01.yaml", "depends_on: []", "depends_on: [1]");
    assert_eq!(faults(&files), ["stages/01.yaml:6:14: stages depend on each other in a cycle: 1 → 1"]);
}

#[test]
fn every_fault_is_told_at_once() {
    let mut files = small(3);
    edit(&mut files, "stages/01.yaml", "owner: LEAD", "owner: NOBODY");
    edit(&mut files, "stages/02.yaml", "metric.uptime >= 99.5", "metric.uptime >= 99");
    edit(&mut files, "stages/03.yaml", "phase: all", "phase: none");
    edit(&mut files, "playbook.yaml", "PLAN: {", "p: {");
    assert_eq!(faults(&files).len(), 4, "{:#?}", faults(&files));

    edit(&mut files, "stages/03.yaml", "title: S", "title: S\nnope: 1");
    let found = faults(&files);
    assert_eq!(found.len(), 4, "the unread file's other fault is hidden: {found:#?}");
    assert!(found.iter().any(|fault| fault.contains("unknown field `nope`")), "{found:#?}");
}

#[test]
fn the_folder_has_limits() {
    let mut files = small(1);
    files.insert("stages/notes.txt".to_owned(), String::new());
    files.insert("stages/deep/02.yaml".to_owned(), String::new());
    let found = faults(&files);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().all(|fault| fault.contains(":1:1: does not belong here")), "{found:#?}");

    let mut files = small(1);
    files.get_mut("stages/01.yaml").unwrap().push_str(&"#".repeat(256 * 1024));
    assert!(faults(&files)[0].contains("at most 262144 are allowed"));

    assert!(faults(&small(101))[0].contains("101 stages, 1 to 100 are allowed"));

    let mut files = small(1);
    for number in 0..200 {
        files.insert(format!("{number}/README.md"), String::new());
    }
    assert!(faults(&files)[0].contains("202 files in the playbook, at most 200"));

    let mut files = small(1);
    files.remove("playbook.yaml");
    assert_eq!(faults(&files), ["playbook.yaml:1:1: the file is missing"]);
}

#[test]
fn booleans_and_lookalikes_stay_strict() {
    let mut files = small(1);
    edit(&mut files, "stages/01.yaml", "rule: metric.uptime >= 99.5", "attested: {evidence: yes}");
    assert!(faults(&files)[0].starts_with("stages/01.yaml:12:30: "), "{:#?}", faults(&files));
    let mut files = small(1);
    edit(&mut files, "stages/01.yaml", "rule: metric.uptime >= 99.5", "attested: {evidence: 0}");
    assert_eq!(faults(&files), ["stages/01.yaml:12:30: evidence is 1 to 100 pieces"]);
}
