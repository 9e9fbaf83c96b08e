//! Expressions of the playbook: CEL over declared, typed facts, checked whole when the playbook loads.
//!
//! What was accepted here cannot name an unknown fact, mix `int` with `double`, run long or nest deep.
//! Evaluation is pure: facts and the time come in, an [`Outcome`] comes out; a missing, stale or
//! unusable fact is never taken for a value. Nothing here knows gates, stages or where facts come from.

mod check;
mod compile;
mod fact;
mod least;
mod syntax;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Program};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use compile::{MAX_LENGTH, MAX_NESTING, Problem, compile_all};
pub use fact::{
    Declaration, Declarations, Facts, MAX_LIST, MAX_TEXT, Observation, PLATFORM_FACTS, Source, Type, Value,
};
pub use least::Change;

/// Building it registers the whole standard library, so every evaluation shares one.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A checked expression that yields a bool. Cheap to clone.
#[derive(Clone)]
pub struct Expression {
    source: String,
    facts_used: BTreeSet<String>,
    program: Arc<Program>,
}

/// What an expression came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is true.
    True,
    /// It is false.
    False,
    /// It cannot be decided.
    Inconclusive(Gap),
}

/// Why an expression could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Whether data is missing, too old, or no use.
    pub kind: GapKind,
    /// The fact to provide; none when the evaluation itself failed.
    pub fact: Option<String>,
    /// For people.
    pub text: String,
}

/// The kinds of [`Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GapKind {
    /// Nobody provided the fact.
    NoData,
    /// The fact is older than its declaration allows.
    Stale,
    /// The value is of the wrong type, out of range or not finite, or the evaluation failed.
    NotMeasurable,
}

impl Expression {
    /// The text as written in the playbook.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of every fact it reads, in alphabetical order.
    pub fn facts_used(&self) -> &BTreeSet<String> {
        &self.facts_used
    }

    /// Facts among [`Self::facts_used`] that are missing, stale or unusable at `now`.
    ///
    /// A fact exactly as old as its `max_age` is still fresh.
    pub fn gaps(&self, facts: &Facts, declared: &Declarations, now: DateTime<Utc>) -> Vec<Gap> {
        self.facts_used.iter().filter_map(|name| fact::gap(name, facts, declared, now)).collect()
    }

    /// Decides the expression. With any gap it is inconclusive, even where the rest would decide it.
    pub fn evaluate(&self, facts: &Facts, declared: &Declarations, now: DateTime<Utc>) -> Outcome {
        if let Some(gap) = self.gaps(facts, declared, now).into_iter().next() {
            return Outcome::Inconclusive(gap);
        }
        match self.program.execute(&self.context(facts)) {
            Ok(cel::Value::Bool(true)) => Outcome::True,
            Ok(cel::Value::Bool(false)) => Outcome::False,
            Ok(other) => not_measurable(format!("yields {other:?}, not a bool")),
            Err(error) => not_measurable(error.to_string()),
        }
    }

    /// The fewest changes of facts that would make it true; empty when it is true already.
    ///
    /// Means something only where [`Self::evaluate`] decided.
    pub fn least(&self, facts: &Facts) -> Vec<Change> {
        least::least(self.program.expression(), &self.context(facts))
    }

    fn context(&self, facts: &Facts) -> Context<'static, 'static> {
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for name in &self.facts_used {
            if let Some(observation) = facts.get(name) {
                context.add_variable_from_value(name.as_str(), observation.value.to_cel());
            }
        }
        context
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

fn not_measurable(text: String) -> Outcome {
    Outcome::Inconclusive(Gap { kind: GapKind::NotMeasurable, fact: None, text })
}
