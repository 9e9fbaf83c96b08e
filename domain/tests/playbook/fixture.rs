//! Playbooks to test with: the built-in one, and small ones to spoil.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use domain::playbook::{Fault, Playbook};

/// The files of the built-in playbook, by path.
pub(crate) fn built_in_files() -> BTreeMap<String, String> {
    fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), &format!("{path}/"), files);
            } else {
                files.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../playbook")), "", &mut files);
    files
}

/// Loads a playbook that may govern the commands which these tests name.
pub(crate) fn load(files: &BTreeMap<String, String>) -> Result<Playbook, Vec<Fault>> {
    let governed = built_in_rights();
    Playbook::load(files, &governed.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The commands under `rights` of the built-in playbook; that they are all and only those which a playbook governs
/// is shown where commands are.
fn built_in_rights() -> Vec<String> {
    let main = &built_in_files()["playbook.yaml"];
    let lines = main.lines().skip_while(|line| *line != "rights:").skip(1);
    let rows = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    let keys = rows.filter(|row| row.starts_with("  ") && !row[2..].starts_with([' ', '#', '-']));
    keys.filter_map(|row| row.trim().split(':').next().map(str::to_owned))
        .filter(|key| !key.is_empty())
        .collect()
}

/// The built-in playbook.
pub(crate) fn built_in() -> &'static Playbook {
    static PLAYBOOK: LazyLock<Playbook> = LazyLock::new(|| {
        load(&built_in_files()).unwrap_or_else(|faults| {
            panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>());
        })
    });
    &PLAYBOOK
}

/// A playbook of `count` stages, each depending on the one before.
pub(crate) fn small(count: u32) -> BTreeMap<String, String> {
    let main = format!(
        "name: Small\nversion: '1'\nphases:\n\
         \x20 - {{key: all, title: All, first_stage: 1, last_stage: {count}}}\n\
         roles:\n  LEAD: {{title: Lead}}\n  PLAN: {{title: Planning}}\nfacts:\n\
         \x20 venture.name: {{type: string, source: venture, description: d}}\n\
         \x20 stages.completed: {{type: int_list, source: stages, description: d}}\n\
         \x20 metric.users: {{type: int, source: attested, range: [0, 1000], description: d}}\n\
         \x20 metric.uptime: {{type: double, source: attested, range: [0, 100], \
         max_age_hours: 24, description: d}}\n"
    );
    let mut files = BTreeMap::from([("playbook.yaml".to_owned(), main)]);
    for number in 1..=count {
        let before = if number == 1 { String::new() } else { (number - 1).to_string() };
        files.insert(format!("stages/{number:02}.yaml"), stage(number, &before, "metric.uptime >= 99.5"));
    }
    files
}

/// A stage's file: line 12 holds its rule from column 15 on.
pub(crate) fn stage(number: u32, depends_on: &str, rule: &str) -> String {
    format!(
        "number: {number}\ntitle: S\nphase: all\nowner: LEAD\nsummary: s\ndepends_on: [{depends_on}]\n\
         entry_gates: []\nexit_gates:\n  - key: gate\n    label: Gate\n    criteria:\n      - rule: {rule}\n\
         \x20       key: criterion\n        label: Criterion\n\
         inputs: []\noutputs: []\nmetrics: []\nexpected_days: 10\nsubstages:\n  - key: '{number}.1'\n\
         \x20   title: T\n    expected_days: 5\n    done_when: [{{label: Some label}}]\n"
    )
}
