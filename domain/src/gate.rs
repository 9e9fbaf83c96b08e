//! The gate decision: from facts and attestations to a verdict, with what was seen and what is missing.
//!
//! Pure and total: the same input gives the same decision. A gate never passes on missing data: what
//! was not provided, is too old, or lacks evidence leaves its criterion inconclusive. Collecting facts,
//! storing decisions and acting on them are not done here.

mod attested;
mod rule;

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::expression::{Declarations, Facts};
use crate::named::{Named, named};
use crate::playbook::{Criterion, FailureAction, Gate, Test};
use crate::role::Role;

/// All a decision rests on.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Observed facts; those a person attested carry role and evidence.
    pub facts: &'a Facts,
    /// What people attested for this gate, in any order.
    pub attestations: &'a [Attested],
    /// When the decision is made.
    pub now: DateTime<Utc>,
    /// The playbook's facts.
    pub declared: &'a Declarations,
}

/// A person said that a criterion holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// Key of the criterion.
    pub criterion: String,
    /// In which role.
    pub by_role: Role,
    /// When.
    pub at: DateTime<Utc>,
    /// Pieces of evidence, without those withdrawn.
    pub evidence: Vec<Uuid>,
}

/// How a criterion or a gate stands.
///
/// The order is that of a gate's AND: the greatest verdict among its criteria is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It cannot be decided: data is missing, stale or unusable.
    Inconclusive,
    /// It does not hold.
    Fail,
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// FAIL when any criterion fails, else INCONCLUSIVE when any is, else PASS.
    pub verdict: Verdict,
    /// One for each criterion, in the gate's order.
    pub criteria: Vec<CriterionResult>,
    /// The least that would turn it green; empty when it passes.
    pub least: Vec<Remedy>,
    /// What follows; only for FAIL, and only where the playbook says something.
    pub failure: Option<FailureAction>,
}

/// How one criterion was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionResult {
    /// Key of the criterion.
    pub key: String,
    /// Its label.
    pub label: String,
    /// How it stands.
    pub verdict: Verdict,
    /// Names of the facts its rule reads; empty when it is attested.
    pub looked_at: Vec<String>,
    /// What was there, for people; none when nothing was.
    pub seen: Option<String>,
    /// What has to be there, for people.
    pub wanted: String,
    /// When the oldest of what was seen held.
    pub observed_at: Option<DateTime<Utc>>,
    /// How long before the decision that was, in seconds.
    pub age_seconds: Option<i64>,
    /// The evidence it rests on, each piece once.
    pub evidence: Vec<Uuid>,
    /// Why it does not pass; none when it does.
    pub reason: Option<Reason>,
}

/// Why a criterion does not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// For programs.
    pub code: ReasonCode,
    /// For people.
    pub text: String,
}

/// The kinds of [`Reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    /// Nobody in one of its roles attested it.
    NotAttested,
    /// It was attested, but too little evidence stands.
    EvidenceMissing,
    /// A fact was not provided.
    NoData,
    /// A fact is too old.
    Stale,
    /// A fact or its calculation is of no use.
    NotMeasurable,
    /// The facts are there and say no.
    RuleNotMet,
}

/// One thing to do so that a criterion passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// Key of the criterion.
    pub criterion: String,
    /// What to do.
    pub action: Action,
    /// Who may do it; empty when it is not one person's to do.
    pub roles: Vec<Role>,
    /// The fact it is about; none when the criterion itself is attested.
    pub fact: Option<String>,
    /// For people.
    pub text: String,
}

/// The kinds of [`Remedy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Say that the criterion holds, with evidence.
    Attest,
    /// Supply a fact.
    Provide,
    /// Make a fact different.
    Change,
}

/// Decides a gate.
pub fn decide(gate: &Gate, input: &Input<'_>) -> Decision {
    let mut criteria = Vec::with_capacity(gate.criteria.len());
    let mut least = Vec::new();
    for criterion in &gate.criteria {
        let (result, remedies) = decide_criterion(criterion, input);
        criteria.push(result);
        least.extend(remedies);
    }
    // A playbook has no gate without criteria; were there one, nothing would be known about it.
    let verdict = criteria.iter().map(|result| result.verdict).max().unwrap_or(Verdict::Inconclusive);
    let failure = if verdict == Verdict::Fail { gate.on_failure.clone() } else { None };
    Decision { verdict, criteria, least, failure }
}

fn decide_criterion(criterion: &Criterion, input: &Input<'_>) -> (CriterionResult, Vec<Remedy>) {
    match &criterion.test {
        Test::Attested { roles, evidence } => attested::decide(criterion, roles, *evidence, input),
        Test::Rule { expression, roles, evidence } => {
            rule::Rule { criterion, expression, roles, evidence: *evidence }.decide(input)
        }
    }
}

named! {
    Verdict { Pass = "PASS", Inconclusive = "INCONCLUSIVE", Fail = "FAIL" }
}

impl Verdict {
    /// The name, as columns and the API spell it.
    pub fn as_str(self) -> &'static str {
        Named::as_str(self)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason {
    fn new(code: ReasonCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// The pieces of evidence, each once, in order.
fn distinct<'a>(pieces: impl IntoIterator<Item = &'a Uuid>) -> Vec<Uuid> {
    let mut pieces: Vec<Uuid> = pieces.into_iter().copied().collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// Whether as many different pieces as wanted are there.
fn enough(pieces: &[Uuid], wanted: u32) -> bool {
    u32::try_from(distinct(pieces).len()).unwrap_or(u32::MAX) >= wanted
}

/// `LEAD or PLAN`.
fn any_of(roles: &[Role]) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" or ")
}

/// `2 pieces of evidence`.
fn pieces(count: u32) -> String {
    if count == 1 { "1 piece of evidence".to_owned() } else { format!("{count} pieces of evidence") }
}
