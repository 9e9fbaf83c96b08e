//! The built-in playbook: its size, its owners and lengths, its content hash.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::playbook::{FailureAction, Subject, content_hash};
use domain::role::Role;

use super::fixture::{built_in, built_in_files, load, small};

#[test]
fn holds_all_forty_stages_and_their_labels() {
    let playbook = built_in();
    let substages = || playbook.stages.iter().flat_map(|stage| &stage.substages);
    assert_eq!(playbook.stages.len(), 40);
    assert_eq!(substages().count(), 123);
    assert_eq!(substages().map(|substage| substage.done_when.len()).sum::<usize>(), 351);
    assert_eq!(playbook.stages.iter().map(|stage| stage.entry_gates.len()).sum::<usize>(), 79);
    assert_eq!(playbook.stages.iter().map(|stage| stage.exit_gates.len()).sum::<usize>(), 120);
    let bounds: Vec<_> =
        playbook.phases.iter().map(|p| (p.key.as_str(), p.first_stage, p.last_stage)).collect();
    let expected = [
        ("ideation", 1, 10),
        ("planning", 11, 20),
        ("development", 21, 28),
        ("launch", 29, 34),
        ("operations", 35, 40),
    ];
    assert_eq!(bounds, expected);
    assert_eq!(playbook.roles.len(), 13);
}

#[test]
fn every_stage_depends_on_the_one_before() {
    for stage in &built_in().stages {
        let before: Vec<u32> = if stage.number == 1 { vec![] } else { vec![stage.number - 1] };
        assert_eq!(stage.depends_on, before, "stage {}", stage.number);
        let next = built_in().next_stage(stage.number).map(|next| next.number);
        assert_eq!(next, (stage.number < 40).then_some(stage.number + 1));
    }
    assert!(built_in().stage(0).is_none() && built_in().stage(41).is_none());
}

#[test]
fn stages_have_their_owners() {
    let owned = [
        ("EVA", vec![1, 16, 20, 24, 32, 34]),
        ("LEAD", vec![2, 4, 9, 11, 15, 17, 31, 35, 38]),
        ("PLAN", vec![3, 5, 7, 12, 21, 23, 29, 33, 36]),
        ("EXEC", vec![6, 8, 10, 14, 18, 19, 22, 25, 26, 27, 28, 30]),
        ("CHAIRMAN", vec![13, 37, 39, 40]),
    ];
    for (owner, numbers) in owned {
        let stages = built_in().stages.iter().filter(|stage| stage.owner == *owner);
        assert_eq!(stages.map(|stage| stage.number).collect::<Vec<_>>(), numbers, "{owner}");
    }
}

#[test]
fn the_five_stages_have_their_lengths() {
    for (number, days, parts) in [
        (7, 10, vec![4, 4, 2]),
        (14, 15, vec![5, 10, 3]),
        (17, 11, vec![3, 5, 3]),
        (31, 14, vec![5, 2, 7]),
        (39, 30, vec![10, 10, 10]),
    ] {
        let stage = built_in().stage(number).unwrap();
        assert_eq!(stage.expected_days, days, "stage {number}");
        assert_eq!(
            stage.substages.iter().map(|s| s.expected_days).collect::<Vec<_>>(),
            parts,
            "stage {number}"
        );
    }
    let portfolio = built_in().stages.iter().filter(|stage| stage.subject == Subject::Portfolio);
    assert_eq!(portfolio.map(|stage| stage.number).collect::<Vec<_>>(), [39]);
}

#[test]
fn the_entry_gates_of_stage_17_fail_differently() {
    let stage = built_in().stage(17).unwrap();
    let action = |key: &str| stage.gate(key).unwrap().on_failure.clone().unwrap();
    let lead = Some(Role::parse("LEAD").unwrap());
    assert_eq!(action("market-strategy-defined"), FailureAction::ReviewStage { stage: 16, role: lead });
    assert_eq!(action("segments-identified"), FailureAction::RecurseTo { stage: 11 });
}

#[test]
fn stage_17_wants_five_approvals() {
    let stage = built_in().stage(17).unwrap();
    let criteria = stage.exit_gates.iter().flat_map(|gate| &gate.criteria);
    let approvals = criteria.filter(|criterion| criterion.key.contains("approv"));
    let roles: Vec<_> = approvals.map(|criterion| criterion.roles()[0].as_str()).collect();
    assert_eq!(roles, ["LEAD", "LEAD", "PLAN", "EXEC", "LEAD"]);
    assert_eq!(
        stage.substages.iter().map(|s| s.owner.as_str()).collect::<Vec<_>>(),
        ["LEAD", "PLAN", "EXEC"]
    );
}

#[test]
fn every_declared_fact_is_used_by_a_rule() {
    use domain::playbook::Test;
    let gates = built_in().stages.iter().flat_map(|stage| stage.gates());
    let tests = gates.flat_map(|gate| &gate.criteria).map(|criterion| &criterion.test);
    let used: BTreeSet<&String> = tests
        .filter_map(|test| match test {
            Test::Rule { expression, .. } => Some(expression.facts_used()),
            Test::Attested { .. } => None,
        })
        .flatten()
        .collect();
    assert_eq!(used, built_in().facts.keys().collect::<BTreeSet<_>>());
}

#[test]
fn labels_are_found_by_key() {
    let stage = built_in().stage(14).unwrap();
    let (substage, label) = stage.done_when("ci-cd-pipeline-ready").unwrap();
    assert_eq!((substage.key.as_str(), label.label.as_str()), ("14.1", "CI/CD pipeline ready"));
    assert!(stage.done_when("no-such-label").is_none());
}

#[test]
fn loads_in_a_moment() {
    let files = built_in_files();
    let started = Instant::now();
    assert!(load(&files).is_ok());
    let took = started.elapsed();
    println!("loaded in {took:?}");
    // Generous: an unoptimised build on a busy machine.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn other_sizes_load() {
    for count in [1, 25, 100] {
        let playbook = load(&small(count)).unwrap();
        assert_eq!(playbook.stages.len(), count as usize);
    }
}

#[test]
fn the_hash_covers_paths_and_texts_but_no_readme() {
    let files = small(2);
    let hash = content_hash(&files);
    assert_eq!(hash.len(), 64);
    assert_eq!(load(&files).unwrap().hash, hash);

    let mut explained = files.clone();
    explained.insert("stages/README.md".to_owned(), "About these.".to_owned());
    assert_eq!(content_hash(&explained), hash);
    assert!(load(&explained).is_ok());

    let mut renamed = files.clone();
    let text = renamed.remove("stages/02.yaml").unwrap();
    renamed.insert("stages/02-b.yaml".to_owned(), text);
    assert_ne!(content_hash(&renamed), hash);

    let mut shifted = files;
    let text = shifted.get_mut("playbook.yaml").unwrap();
    text.push('\n');
    assert_ne!(content_hash(&shifted), hash);
}
