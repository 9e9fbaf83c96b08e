//! The YAML of a playbook, key by key, with the place of everything that is checked later.
//!
//! Shapes only: unknown keys, duplicate keys and wrong types are refused by reading into them.
//! Enums are tagged externally, because other kinds lose their places.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};

use super::fault::Faults;
use super::stage::Subject;
use crate::expression::{Source, Type};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaybookDocument {
    pub name: Spanned<String>,
    pub version: Spanned<String>,
    pub phases: Spanned<Vec<Spanned<PhaseDocument>>>,
    pub roles: BTreeMap<String, Spanned<RoleDocument>>,
    #[serde(default)]
    pub final_authority: Vec<Spanned<String>>,
    #[serde(default)]
    pub rights: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub facts: BTreeMap<String, Spanned<FactDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseDocument {
    pub key: String,
    pub title: String,
    pub first_stage: u32,
    pub last_stage: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleDocument {
    pub title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactDocument {
    pub r#type: Type,
    pub source: Source,
    pub unit: Option<String>,
    pub range: Option<(f64, f64)>,
    pub max_age_hours: Option<u32>,
    pub description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageDocument {
    pub number: Spanned<u32>,
    pub title: Spanned<String>,
    pub phase: Spanned<String>,
    #[serde(default)]
    pub subject: Subject,
    pub owner: Spanned<String>,
    pub summary: String,
    pub depends_on: Vec<Spanned<u32>>,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub metrics: Vec<String>,
    pub expected_days: Spanned<u32>,
    pub entry_gates: Vec<GateDocument>,
    pub exit_gates: Vec<GateDocument>,
    pub substages: Vec<SubstageDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GateDocument {
    pub key: Spanned<String>,
    pub label: String,
    pub criteria: Option<Spanned<Vec<CriterionDocument>>>,
    pub on_failure: Option<FailureDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CriterionDocument {
    pub key: Spanned<String>,
    pub label: String,
    pub rule: Option<Spanned<String>>,
    pub attested: Option<Spanned<AttestedDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttestedDocument {
    pub roles: Option<Spanned<Vec<Spanned<String>>>>,
    pub evidence: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FailureDocument {
    Escalate { role: Spanned<String> },
    ReviewStage { stage: Spanned<u32>, role: Option<Spanned<String>> },
    RecurseTo { stage: Spanned<u32> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubstageDocument {
    pub key: Spanned<String>,
    pub title: String,
    pub owner: Option<Spanned<String>>,
    pub expected_days: Spanned<u32>,
    pub done_when: Vec<DoneWhenDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoneWhenDocument {
    pub key: Option<Spanned<String>>,
    pub label: Spanned<String>,
}

/// Reads one file; what does not fit is added to its faults.
pub(super) fn parse<T: DeserializeOwned>(text: &str, faults: &mut Faults<'_>) -> Option<T> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(document) => Some(document),
        Err(error) => {
            let message = UserMessageFormatter.format_message(error.without_snippet()).into_owned();
            match error.location() {
                Some(place) => faults.at(place, message),
                None => faults.file(message),
            }
            None
        }
    }
}
