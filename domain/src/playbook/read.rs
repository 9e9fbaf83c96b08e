//! From files to a [`Playbook`]: sorting files, reading each, and checking what stands in one file.
//!
//! What refers from one stage to another is checked in `references`.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::{Location, Spanned};

use super::document::{
    AttestedDocument, CriterionDocument, FailureDocument, GateDocument, PlaybookDocument, StageDocument,
    SubstageDocument, parse,
};
use super::fault::{Fault, Faults};
use super::stage::{Criterion, DoneWhen, FailureAction, Gate, GateKind, Phase, Stage, Substage, Test, kebab};
use super::{
    MAX_FILE_BYTES, MAX_FILES, MAX_STAGES, Playbook, content_hash, is_readme, references, vocabulary,
};
use crate::expression::{Declarations, Expression, Problem, Source, compile_all};
use crate::role::Role;

const MAIN: &str = "playbook.yaml";

/// A stage's file, read.
pub(super) struct StageFile<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub document: StageDocument,
}

type Compiled = BTreeMap<String, Result<Expression, Vec<Problem>>>;

/// Everything a stage's file may refer to in the rest of the playbook.
struct Scope<'a> {
    roles: &'a BTreeMap<Role, String>,
    facts: &'a Declarations,
    compiled: &'a Compiled,
}

pub(super) fn read(files: &BTreeMap<String, String>, governed: &[&str]) -> Result<Playbook, Vec<Fault>> {
    let mut found = misplaced(files);
    let Some(text) = files.get(MAIN) else {
        let mut missing = Faults::of(MAIN, "");
        missing.file("the file is missing");
        found.extend(missing.into_found());
        return Err(found);
    };
    if !found.is_empty() {
        return Err(found);
    }
    let mut faults = Faults::of(MAIN, text);
    let main: Option<PlaybookDocument> = parse(text, &mut faults);
    let (stage_files, unread) = stage_files(files);
    let all_read = unread.is_empty();
    found.extend(unread);
    let Some(main) = main else {
        found.extend(faults.into_found());
        return Err(found);
    };

    let roles = vocabulary::roles(&main, &mut faults);
    let final_authority = vocabulary::known_roles(&main.final_authority, &roles, &mut faults);
    let rights = vocabulary::rights(&main, governed, &roles, &mut faults);
    let facts = vocabulary::facts(&main, &mut faults);
    let compiled = compile(&stage_files, &facts);
    let scope = Scope { roles: &roles, facts: &facts, compiled: &compiled };
    let mut stages = Vec::new();
    for file in &stage_files {
        let mut faults = Faults::of(file.path, file.text);
        stages.extend(StageReader { scope: &scope, faults: &mut faults }.stage(&file.document));
        found.extend(faults.into_found());
    }
    if all_read {
        found.extend(references::check(&main, &mut faults, &stage_files));
    }
    found.extend(faults.into_found());
    if !found.is_empty() {
        found.sort();
        found.dedup();
        return Err(found);
    }
    stages.sort_by_key(|stage| stage.number);
    for stage in &mut stages {
        stage.grant(&final_authority);
    }
    let phases = main.phases.value.into_iter().map(|phase| phase.value);
    let phases = phases.map(|p| Phase {
        key: p.key,
        title: p.title,
        first_stage: p.first_stage,
        last_stage: p.last_stage,
    });
    let phases = phases.collect();
    let (name, version) = (main.name.value, main.version.value);
    let hash = content_hash(files);
    Ok(Playbook { name, version, hash, phases, roles, final_authority, rights, facts, stages })
}

/// Faults of the folder: files that do not belong, are too long or too many.
fn misplaced(files: &BTreeMap<String, String>) -> Vec<Fault> {
    let mut found = Vec::new();
    let counted = files.len();
    for (index, (path, text)) in files.iter().enumerate() {
        let mut faults = Faults::of(path, text);
        if index == 0 && counted > MAX_FILES {
            faults.file(format!("{counted} files in the playbook, at most {MAX_FILES} are allowed"));
        }
        if !is_readme(path) && path != MAIN && !is_stage(path) {
            faults.file("does not belong here: a playbook is playbook.yaml, stages/*.yaml and README.md");
        }
        if text.len() > MAX_FILE_BYTES {
            faults.file(format!("{} bytes, at most {MAX_FILE_BYTES} are allowed", text.len()));
        }
        found.extend(faults.into_found());
    }
    let stages = files.keys().filter(|path| is_stage(path)).count();
    if stages == 0 || stages > MAX_STAGES {
        let mut faults = Faults::of(MAIN, "");
        faults.file(format!("{stages} stages, 1 to {MAX_STAGES} are allowed"));
        found.extend(faults.into_found());
    }
    found
}

fn is_stage(path: &str) -> bool {
    let name = path.strip_prefix("stages/").and_then(|name| name.strip_suffix(".yaml"));
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

fn stage_files(files: &BTreeMap<String, String>) -> (Vec<StageFile<'_>>, Vec<Fault>) {
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    for (path, text) in files.iter().filter(|(path, _)| is_stage(path)) {
        let mut faults = Faults::of(path, text);
        read.extend(parse(text, &mut faults).map(|document| StageFile { path, text, document }));
        unread.extend(faults.into_found());
    }
    (read, unread)
}

/// Compiles every different rule once, all in one go.
fn compile(files: &[StageFile<'_>], facts: &Declarations) -> Compiled {
    let gates =
        files.iter().flat_map(|file| file.document.entry_gates.iter().chain(&file.document.exit_gates));
    let criteria = gates.flat_map(|gate| gate.criteria.iter().flat_map(|criteria| &criteria.value));
    let rules: BTreeSet<&str> =
        criteria.filter_map(|c| c.rule.as_ref()).map(|rule| rule.value.as_str()).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let compiled = compile_all(&rules, facts);
    rules.iter().map(|rule| (*rule).to_owned()).zip(compiled).collect()
}

struct StageReader<'a, 'f> {
    scope: &'a Scope<'a>,
    faults: &'a mut Faults<'f>,
}

impl StageReader<'_, '_> {
    fn stage(&mut self, document: &StageDocument) -> Option<Stage> {
        let owner = self.role(&document.owner);
        self.days(&document.expected_days);
        let mut gate_keys = BTreeSet::new();
        let entry_gates = self.gates(&document.entry_gates, GateKind::Entry, owner.as_ref(), &mut gate_keys);
        let exit_gates = self.gates(&document.exit_gates, GateKind::Exit, owner.as_ref(), &mut gate_keys);
        let mut labels = BTreeSet::new();
        let substages = document.substages.iter();
        let substages = substages.filter_map(|s| self.substage(s, owner.as_ref(), &mut labels)).collect();
        Some(Stage {
            number: document.number.value,
            title: document.title.value.clone(),
            phase: document.phase.value.clone(),
            subject: document.subject,
            owner: owner?,
            summary: document.summary.clone(),
            depends_on: document.depends_on.iter().map(|number| number.value).collect(),
            inputs: document.inputs.clone(),
            outputs: document.outputs.clone(),
            metrics: document.metrics.clone(),
            expected_days: document.expected_days.value,
            entry_gates,
            exit_gates,
            substages,
        })
    }

    fn gates(
        &mut self,
        documents: &[GateDocument],
        kind: GateKind,
        owner: Option<&Role>,
        keys: &mut BTreeSet<String>,
    ) -> Vec<Gate> {
        documents.iter().filter_map(|document| self.gate(document, kind, owner, keys)).collect()
    }

    fn gate(
        &mut self,
        document: &GateDocument,
        kind: GateKind,
        owner: Option<&Role>,
        keys: &mut BTreeSet<String>,
    ) -> Option<Gate> {
        let key = self.key(&document.key, "gate", keys);
        let on_failure = document.on_failure.as_ref().and_then(|failure| self.failure(failure));
        let criteria = match &document.criteria {
            None => {
                let test = Test::Attested { roles: vec![owner?.clone()], evidence: 1 };
                vec![Criterion { key: key.clone(), label: document.label.clone(), test }]
            }
            Some(criteria) => {
                if criteria.value.is_empty() {
                    self.faults.at(criteria.referenced, format!("gate {key} has no criteria"));
                }
                let mut keys = BTreeSet::new();
                criteria.value.iter().filter_map(|c| self.criterion(c, owner, &mut keys)).collect()
            }
        };
        Some(Gate { key, label: document.label.clone(), kind, criteria, on_failure })
    }

    fn criterion(
        &mut self,
        document: &CriterionDocument,
        owner: Option<&Role>,
        keys: &mut BTreeSet<String>,
    ) -> Option<Criterion> {
        let key = self.key(&document.key, "criterion", keys);
        let attested = document.attested.as_ref();
        let test = match (&document.rule, attested) {
            (Some(rule), _) => self.rule(rule, attested, owner)?,
            (None, Some(_)) => {
                let (roles, evidence) = self.attested(attested, owner)?;
                Test::Attested { roles, evidence }
            }
            (None, None) => {
                let message = format!("criterion {key} has neither a rule nor who attests it");
                self.faults.at(document.key.referenced, message);
                return None;
            }
        };
        Some(Criterion { key, label: document.label.clone(), test })
    }

    fn rule(
        &mut self,
        rule: &Spanned<String>,
        attested: Option<&Spanned<AttestedDocument>>,
        owner: Option<&Role>,
    ) -> Option<Test> {
        let expression = match self.scope.compiled.get(&rule.value)? {
            Ok(expression) => expression.clone(),
            Err(problems) => {
                for problem in problems {
                    self.faults.expression(rule, problem);
                }
                return None;
            }
        };
        let facts = self.scope.facts;
        let by_people = |name: &String| facts.get(name).is_some_and(|fact| fact.source == Source::Attested);
        if expression.facts_used().iter().any(by_people) {
            let (roles, evidence) = self.attested(attested, owner)?;
            return Some(Test::Rule { expression, roles, evidence });
        }
        if let Some(attested) = attested {
            self.faults.at(attested.referenced, "the rule reads no attested fact, so nobody attests it");
        }
        Some(Test::Rule { expression, roles: Vec::new(), evidence: 0 })
    }

    fn attested(
        &mut self,
        document: Option<&Spanned<AttestedDocument>>,
        owner: Option<&Role>,
    ) -> Option<(Vec<Role>, u32)> {
        let document = document.map(|document| &document.value);
        let evidence = match document.and_then(|document| document.evidence.as_ref()) {
            Some(evidence) => {
                if !(1..=100).contains(&evidence.value) {
                    self.faults.at(evidence.referenced, "evidence is 1 to 100 pieces");
                }
                evidence.value
            }
            None => 1,
        };
        let roles = match document.and_then(|document| document.roles.as_ref()) {
            Some(roles) => {
                if roles.value.is_empty() {
                    self.faults.at(roles.referenced, "nobody may attest it: name a role, or leave roles out");
                }
                roles.value.iter().filter_map(|role| self.role(role)).collect()
            }
            None => vec![owner?.clone()],
        };
        Some((roles, evidence))
    }

    fn failure(&mut self, document: &FailureDocument) -> Option<FailureAction> {
        match document {
            FailureDocument::Escalate { role } => Some(FailureAction::Escalate { role: self.role(role)? }),
            FailureDocument::ReviewStage { stage, role } => {
                let role = match role {
                    Some(role) => Some(self.role(role)?),
                    None => None,
                };
                Some(FailureAction::ReviewStage { stage: stage.value, role })
            }
            FailureDocument::RecurseTo { stage } => Some(FailureAction::RecurseTo { stage: stage.value }),
        }
    }

    fn substage(
        &mut self,
        document: &SubstageDocument,
        owner: Option<&Role>,
        labels: &mut BTreeSet<String>,
    ) -> Option<Substage> {
        let owner = match &document.owner {
            Some(owner) => self.role(owner),
            None => owner.cloned(),
        };
        self.days(&document.expected_days);
        let mut done_when = Vec::new();
        for label in &document.done_when {
            let (key, place) = match &label.key {
                Some(key) => (key.value.clone(), key.referenced),
                None => (kebab(&label.label.value), label.label.referenced),
            };
            let key = self.unique(key, place, "done-when", labels);
            done_when.push(DoneWhen { key, label: label.label.value.clone() });
        }
        Some(Substage {
            key: document.key.value.clone(),
            title: document.title.clone(),
            owner: owner?,
            expected_days: document.expected_days.value,
            done_when,
        })
    }

    fn days(&mut self, days: &Spanned<u32>) {
        if !(1..=3650).contains(&days.value) {
            self.faults.at(days.referenced, format!("{} days, 1 to 3650 are allowed", days.value));
        }
    }

    fn role(&mut self, role: &Spanned<String>) -> Option<Role> {
        let known = Role::parse(&role.value).ok().filter(|known| self.scope.roles.contains_key(known));
        if known.is_none() {
            self.faults.at(role.referenced, format!("unknown role {:?}", role.value));
        }
        known
    }

    fn key(&mut self, key: &Spanned<String>, what: &str, taken: &mut BTreeSet<String>) -> String {
        self.unique(key.value.clone(), key.referenced, what, taken)
    }

    fn unique(&mut self, key: String, place: Location, what: &str, taken: &mut BTreeSet<String>) -> String {
        if key.is_empty() || key.len() > 80 || key != kebab(&key) {
            self.faults.at(place, format!("{what} key {key:?}: 1 to 80 of a-z, 0-9 and single hyphens"));
        } else if !taken.insert(key.clone()) {
            self.faults.at(place, format!("{what} key {key:?} is taken in this stage or gate"));
        }
        key
    }
}
