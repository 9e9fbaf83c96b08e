//! What a playbook holds once it is checked: phases, stages, gates, criteria, substages.
//!
//! Plain values that refer to each other by number or key, all of which exist. Nothing is decided here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::expression::Expression;
use crate::named::named;
use crate::role::Role;

/// A run of stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Unique in the playbook.
    pub key: String,
    /// For people.
    pub title: String,
    /// Number of its first stage.
    pub first_stage: u32,
    /// Number of its last stage.
    pub last_stage: u32,
}

/// What a stage is run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One venture.
    #[default]
    Venture,
    /// The portfolio as a whole.
    Portfolio,
}

/// A stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// From 1.
    pub number: u32,
    /// For people.
    pub title: String,
    /// Key of its phase.
    pub phase: String,
    /// What it is run for.
    pub subject: Subject,
    /// The role that answers for it.
    pub owner: Role,
    /// One sentence.
    pub summary: String,
    /// Numbers of the stages that come before it.
    pub depends_on: Vec<u32>,
    /// What it starts from.
    pub inputs: Vec<String>,
    /// What it yields.
    pub outputs: Vec<String>,
    /// What it is measured by.
    pub metrics: Vec<String>,
    /// A run that takes more days is late.
    pub expected_days: u32,
    /// All must pass before work begins.
    pub entry_gates: Vec<Gate>,
    /// All must pass before the next stage.
    pub exit_gates: Vec<Gate>,
    /// In order.
    pub substages: Vec<Substage>,
}

impl Stage {
    /// Its gates, entry before exit.
    pub fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.entry_gates.iter().chain(&self.exit_gates)
    }

    /// The gate with this key.
    pub fn gate(&self, key: &str) -> Option<&Gate> {
        self.gates().find(|gate| gate.key == key)
    }

    /// The label with this key, and the substage it belongs to.
    pub fn done_when(&self, key: &str) -> Option<(&Substage, &DoneWhen)> {
        let mut labels =
            self.substages.iter().flat_map(|substage| substage.done_when.iter().map(move |d| (substage, d)));
        labels.find(|(_, label)| label.key == key)
    }

    /// Lets further roles attest whatever somebody attests.
    pub(super) fn grant(&mut self, further: &[Role]) {
        let gates = self.entry_gates.iter_mut().chain(&mut self.exit_gates);
        for criterion in gates.flat_map(|gate| &mut gate.criteria) {
            let (Test::Attested { roles, .. } | Test::Rule { roles, .. }) = &mut criterion.test;
            if !roles.is_empty() {
                let missing: Vec<_> = further.iter().filter(|role| !roles.contains(role)).cloned().collect();
                roles.extend(missing);
            }
        }
    }

    /// The substage with this key.
    pub fn substage(&self, key: &str) -> Option<&Substage> {
        self.substages.iter().find(|substage| substage.key == key)
    }
}

/// Which side of a stage a gate guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GateKind {
    /// Before work begins.
    Entry,
    /// Before the next stage.
    Exit,
}

named! {
    GateKind { Entry = "ENTRY", Exit = "EXIT" }
}

/// A gate: it passes when all its criteria do.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Unique in its stage.
    pub key: String,
    /// For people.
    pub label: String,
    /// Entry or exit.
    pub kind: GateKind,
    /// At least one.
    pub criteria: Vec<Criterion>,
    /// What follows when it fails; none is given for many.
    pub on_failure: Option<FailureAction>,
}

impl Gate {
    /// The criterion with this key.
    pub fn criterion(&self, key: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.key == key)
    }
}

/// One thing a gate wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// Unique in its gate.
    pub key: String,
    /// For people.
    pub label: String,
    /// How it is decided.
    pub test: Test,
}

impl Criterion {
    /// The roles that may attest it, or the facts its rule reads.
    pub fn roles(&self) -> &[Role] {
        match &self.test {
            Test::Attested { roles, .. } | Test::Rule { roles, .. } => roles,
        }
    }
}

/// How a criterion is decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A person says so, with evidence.
    Attested {
        /// Any one of these may.
        roles: Vec<Role>,
        /// The fewest different pieces of evidence.
        evidence: u32,
    },
    /// Facts say so.
    Rule {
        /// Over declared facts.
        expression: Expression,
        /// Who may attest the facts that people supply; empty when it reads none.
        roles: Vec<Role>,
        /// The fewest different pieces of evidence for each of those facts.
        evidence: u32,
    },
}

/// A part of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substage {
    /// Unique in the playbook: `14.1`.
    pub key: String,
    /// For people.
    pub title: String,
    /// The role that answers for it.
    pub owner: Role,
    /// More days are late.
    pub expected_days: u32,
    /// It is done when all of these are attested.
    pub done_when: Vec<DoneWhen>,
}

/// A label that says when a substage is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneWhen {
    /// Unique in its stage.
    pub key: String,
    /// For people.
    pub label: String,
}

/// What follows a failed gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FailureAction {
    /// Somebody has to decide.
    Escalate {
        /// Who.
        role: Role,
    },
    /// An earlier stage's result is reviewed; the run stays where it is.
    ReviewStage {
        /// Its number.
        stage: u32,
        /// Who reviews; none: that stage's owner.
        #[serde(default)]
        role: Option<Role>,
    },
    /// Work goes back.
    RecurseTo {
        /// Number of the stage.
        stage: u32,
    },
}

/// The kinds of [`FailureAction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureActionKind {
    /// A role has to decide.
    Escalate,
    /// An earlier stage's result is reviewed; the run stays where it is.
    ReviewStage,
    /// Work goes back to an earlier stage.
    RecurseTo,
}

impl FailureAction {
    /// The kind of action.
    pub fn kind(&self) -> FailureActionKind {
        match self {
            Self::Escalate { .. } => FailureActionKind::Escalate,
            Self::ReviewStage { .. } => FailureActionKind::ReviewStage,
            Self::RecurseTo { .. } => FailureActionKind::RecurseTo,
        }
    }
}

/// A key made from a label: lower-case letters and digits, runs of anything else as one `-`.
pub fn kebab(label: &str) -> String {
    let spaced: String =
        label.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}
