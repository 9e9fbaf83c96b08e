//! Checks across files: stage numbers, phases, dependencies, and where failed gates lead.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;

use super::document::{FailureDocument, PlaybookDocument};
use super::fault::{Fault, Faults};
use super::read::StageFile;

/// Checks every reference; faults of `playbook.yaml` go to `main_faults`, those of stages are returned.
pub(super) fn check(
    main: &PlaybookDocument,
    main_faults: &mut Faults<'_>,
    files: &[StageFile<'_>],
) -> Vec<Fault> {
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    check_phases(main, main_faults, count);
    let mut found = Vec::new();
    let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
    let mut substages: BTreeSet<&str> = BTreeSet::new();
    for file in files {
        let mut faults = Faults::of(file.path, file.text);
        let number = &file.document.number;
        if !(1..=count).contains(&number.value) {
            let message = format!("stage {} of a playbook with {count}: numbers have no holes", number.value);
            faults.at(number.referenced, message);
        }
        if let Some(first) = numbers.insert(number.value, file.path) {
            faults.at(number.referenced, format!("stage {} stands in {first} too", number.value));
        }
        for substage in &file.document.substages {
            if !substages.insert(&substage.key.value) {
                faults
                    .at(substage.key.referenced, format!("substage {:?} exists already", substage.key.value));
            }
        }
        check_phase(main, file, &mut faults);
        check_targets(file, count, &mut faults);
        found.extend(faults.into_found());
    }
    found.extend(cycle(files));
    found
}

fn check_phases(main: &PlaybookDocument, faults: &mut Faults<'_>, count: u32) {
    let mut keys = BTreeSet::new();
    let mut next = 1;
    for phase in &main.phases.value {
        let (key, place) = (&phase.value.key, phase.referenced);
        if !keys.insert(key) {
            faults.at(place, format!("phase {key:?} exists already"));
        }
        let (first, last) = (phase.value.first_stage, phase.value.last_stage);
        if first != next || last < first || last > count {
            let message =
                format!("phase {key:?} spans {first} to {last}; expected {next} to {count} at most");
            faults.at(place, message);
        }
        next = last.saturating_add(1);
    }
    if next <= count {
        faults.at(main.phases.referenced, format!("no phase covers stages {next} to {count}"));
    }
}

fn check_phase(main: &PlaybookDocument, file: &StageFile<'_>, faults: &mut Faults<'_>) {
    let (key, number) = (&file.document.phase, file.document.number.value);
    match main.phases.value.iter().find(|phase| phase.value.key == key.value) {
        None => faults.at(key.referenced, format!("unknown phase {:?}", key.value)),
        Some(phase) if !(phase.value.first_stage..=phase.value.last_stage).contains(&number) => {
            faults.at(key.referenced, format!("stage {number} is outside of phase {:?}", key.value));
        }
        Some(_) => {}
    }
}

fn check_targets(file: &StageFile<'_>, count: u32, faults: &mut Faults<'_>) {
    let gates = file.document.entry_gates.iter().chain(&file.document.exit_gates);
    let led_to = gates.filter_map(|gate| match gate.on_failure.as_ref()? {
        FailureDocument::ReviewStage { stage, .. } | FailureDocument::RecurseTo { stage } => Some(stage),
        FailureDocument::Escalate { .. } => None,
    });
    let mut known = |stage: &Spanned<u32>| {
        let exists = (1..=count).contains(&stage.value);
        if !exists {
            faults.at(stage.referenced, format!("unknown stage {}", stage.value));
        }
        exists
    };
    let number = file.document.number.value;
    let late: Vec<_> = led_to.filter(|stage| known(stage) && stage.value >= number).collect();
    let mut seen = BTreeSet::new();
    let twice: Vec<_> =
        file.document.depends_on.iter().filter(|stage| known(stage) && !seen.insert(stage.value)).collect();
    for stage in late {
        faults.at(stage.referenced, format!("stage {} does not come before stage {number}", stage.value));
    }
    for stage in twice {
        faults.at(stage.referenced, format!("stage {} is named twice", stage.value));
    }
}

/// The first cycle of dependencies, named, at the dependency that closes it.
fn cycle(files: &[StageFile<'_>]) -> Option<Fault> {
    let by_number: BTreeMap<u32, &StageFile<'_>> =
        files.iter().map(|file| (file.document.number.value, file)).collect();
    let mut done = BTreeSet::new();
    by_number.keys().find_map(|number| walk(*number, &by_number, &mut Vec::new(), &mut done))
}

fn walk(
    number: u32,
    files: &BTreeMap<u32, &StageFile<'_>>,
    path: &mut Vec<u32>,
    done: &mut BTreeSet<u32>,
) -> Option<Fault> {
    let file = files.get(&number)?;
    if done.contains(&number) {
        return None;
    }
    path.push(number);
    for next in &file.document.depends_on {
        if let Some(from) = path.iter().position(|visited| *visited == next.value) {
            let round = path.iter().skip(from).chain([&next.value]);
            let names: Vec<_> = round.map(u32::to_string).collect();
            let mut faults = Faults::of(file.path, file.text);
            faults.at(
                next.referenced,
                format!("stages depend on each other in a cycle: {}", names.join(" → ")),
            );
            return faults.into_found().pop();
        }
        if let Some(fault) = walk(next.value, files, path, done) {
            return Some(fault);
        }
    }
    path.pop();
    done.insert(number);
    None
}
