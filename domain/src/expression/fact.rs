//! Facts: what an expression may read, and what was observed.
//!
//! Declarations come from the playbook, observations from whoever asks for a decision.
//! Collecting them is not done here.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Gap, GapKind};
use crate::role::Role;

/// A list with more elements is not measurable.
pub const MAX_LIST: usize = 1_000;
/// A text with more bytes is not measurable.
pub const MAX_TEXT: usize = 64 * 1024;

/// Facts the platform itself supplies: name, source and type. A playbook may declare no others with
/// these sources; `attested` facts it names freely.
pub const PLATFORM_FACTS: [(&str, Source, Type); 6] = [
    ("venture.name", Source::Venture, Type::String),
    ("venture.description", Source::Venture, Type::String),
    ("venture.category", Source::Venture, Type::String),
    ("stages.completed", Source::Stages, Type::IntList),
    ("stage_run.done_when_open", Source::StageRun, Type::Int),
    ("portfolio.active_ventures", Source::Portfolio, Type::Int),
];

/// The type of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Text; its size is counted in characters.
    String,
    /// A whole number of 64 bits.
    Int,
    /// A finite number.
    Double,
    /// True or false.
    Bool,
    /// Whole numbers, at most [`MAX_LIST`].
    IntList,
}

/// Who supplies a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The venture's own fields.
    Venture,
    /// The stages the subject has completed.
    Stages,
    /// The running stage.
    StageRun,
    /// The portfolio.
    Portfolio,
    /// A person of the criterion's role, with evidence.
    Attested,
}

/// A fact as the playbook declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Type of every value.
    pub r#type: Type,
    /// For people: `percent`, `USD`, …
    pub unit: Option<String>,
    /// Who supplies it.
    pub source: Source,
    /// Least and greatest value of a number, both allowed.
    pub range: Option<(f64, f64)>,
    /// An observation older than this is stale; none: never.
    pub max_age: Option<TimeDelta>,
    /// For people.
    pub description: String,
}

/// The declared facts by name.
pub type Declarations = BTreeMap<String, Declaration>;

/// The observed facts by name.
pub type Facts = BTreeMap<String, Observation>;

/// A value somebody or something reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What was seen.
    pub value: Value,
    /// When it held.
    pub observed_at: DateTime<Utc>,
    /// Where it came from, for people.
    pub source: String,
    /// The role in which a person attested it; none for what the platform supplies.
    pub by_role: Option<Role>,
    /// Pieces of evidence for it, without those withdrawn.
    pub evidence: Vec<Uuid>,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// Whole numbers.
    IntList(Vec<i64>),
}

impl Type {
    /// The name as written in a playbook.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Double => "double",
            Self::Bool => "bool",
            Self::IntList => "int_list",
        }
    }

    /// Whether values have an order a range can bound.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }
}

impl Value {
    /// Its type.
    pub fn r#type(&self) -> Type {
        match self {
            Self::String(_) => Type::String,
            Self::Int(_) => Type::Int,
            Self::Double(_) => Type::Double,
            Self::Bool(_) => Type::Bool,
            Self::IntList(_) => Type::IntList,
        }
    }

    /// The same number as another type, where nothing is lost: JSON knows one kind of number.
    #[must_use]
    pub fn as_number_of(&self, wanted: Type) -> Self {
        /// Up to here a double holds every whole number.
        const EXACT: i64 = 1 << 53;
        match (self, wanted) {
            #[expect(clippy::cast_precision_loss, reason = "doubles up to there are exact")]
            (Self::Int(number), Type::Double) if (-EXACT..=EXACT).contains(number) => {
                Self::Double(*number as f64)
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "whole and exact"
            )]
            (Self::Double(number), Type::Int) if number.fract() == 0.0 && number.abs() <= EXACT as f64 => {
                Self::Int(*number as i64)
            }
            _ => self.clone(),
        }
    }

    pub(super) fn to_cel(&self) -> cel::Value {
        match self {
            Self::String(text) => cel::Value::from(text.as_str()),
            Self::Int(number) => cel::Value::Int(*number),
            Self::Double(number) => cel::Value::Float(*number),
            Self::Bool(flag) => cel::Value::Bool(*flag),
            Self::IntList(list) => cel::Value::from(list.clone()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => write!(f, "{}", quote(text)),
            Self::Int(number) => write!(f, "{number}"),
            Self::Double(number) => write!(f, "{number}"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::IntList(list) => {
                let shown: Vec<_> = list.iter().take(50).map(i64::to_string).collect();
                let rest = if list.len() > shown.len() { ", …" } else { "" };
                write!(f, "[{}{rest}]", shown.join(", "))
            }
        }
    }
}

/// The text in quotes, cut after 80 characters.
pub(super) fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

impl Declaration {
    /// Whether a value may stand for this fact; else why not.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        if value.r#type() != self.r#type {
            return Err(format!("is a {}, declared {}", value.r#type().name(), self.r#type.name()));
        }
        #[expect(clippy::cast_precision_loss, reason = "a range bounds a magnitude, not the last digit")]
        let number = match value {
            Value::Int(number) => *number as f64,
            Value::Double(number) if !number.is_finite() => return Err(format!("is {number}, not a number")),
            Value::Double(number) => *number,
            Value::String(text) if text.len() > MAX_TEXT => {
                return Err(format!("is longer than {MAX_TEXT} bytes"));
            }
            Value::IntList(list) if list.len() > MAX_LIST => {
                return Err(format!("has more than {MAX_LIST} elements"));
            }
            _ => return Ok(()),
        };
        match self.range {
            Some((least, greatest)) if number < least || number > greatest => {
                Err(format!("is {value}, outside {least} to {greatest}"))
            }
            _ => Ok(()),
        }
    }
}

/// Why the fact cannot be used at `now`, if it cannot.
pub(super) fn gap(name: &str, facts: &Facts, declared: &Declarations, now: DateTime<Utc>) -> Option<Gap> {
    let gap =
        |kind, why: String| Some(Gap { kind, fact: Some(name.to_owned()), text: format!("{name} {why}") });
    let Some(declaration) = declared.get(name) else {
        return gap(GapKind::NotMeasurable, "is not declared".to_owned());
    };
    let Some(observation) = facts.get(name) else {
        return gap(GapKind::NoData, "was not provided".to_owned());
    };
    if let Err(why) = declaration.check(&observation.value) {
        return gap(GapKind::NotMeasurable, why);
    }
    let age = now - observation.observed_at;
    match declaration.max_age {
        Some(limit) if age > limit => {
            let text = format!("is {} h old, at most {} h allowed", age.num_hours(), limit.num_hours());
            gap(GapKind::Stale, text)
        }
        _ => None,
    }
}
