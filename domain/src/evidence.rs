//! Evidence and attestations: what a person puts behind a label, and who may.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal, Role,
    expression::{Source, Value},
    id::{Id, kind},
    named::named,
    playbook::{Criterion, Playbook, Stage, Test},
    refusal::Code,
    stage_run::StageRun,
    text,
};

/// The most pieces of evidence one attestation carries.
pub const MAX_PER_ATTESTATION: usize = 20;
/// The most pieces of evidence of one stage run that were submitted by themselves.
pub const MAX_PER_RUN: u64 = 1_000;
/// The longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// The longest text kept as evidence, in characters.
pub const MAX_TEXT: usize = 10_000;
/// The longest link, in characters.
pub const MAX_LINK: usize = 2_048;
/// The largest uploaded file, in bytes.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
/// Media types an uploaded file may have.
pub const FILE_TYPES: [&str; 11] = [
    "application/json",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "image/jpeg",
    "image/png",
    "text/csv",
    "text/markdown",
    "text/plain",
    "application/zip",
];

/// What an attestation is about, within the stage of its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A done-when label, by key.
    DoneWhen(String),
    /// An attested criterion of a gate.
    Criterion {
        /// Key of the gate.
        gate: String,
        /// Key of the criterion.
        criterion: String,
    },
    /// The value of a fact that people attest.
    Fact(String),
}

impl Target {
    /// A text that names the target within its stage, used as its key in the database.
    pub fn key(&self) -> String {
        match self {
            Self::DoneWhen(key) => format!("done_when:{key}"),
            Self::Criterion { gate, criterion } => format!("criterion:{gate}/{criterion}"),
            Self::Fact(name) => format!("fact:{name}"),
        }
    }

    /// Reads what [`Target::key`] wrote.
    pub fn from_key(key: &str) -> Option<Self> {
        match key.split_once(':')? {
            ("done_when", key) => Some(Self::DoneWhen(key.to_owned())),
            ("criterion", path) => {
                let (gate, criterion) = path.split_once('/')?;
                Some(Self::Criterion { gate: gate.to_owned(), criterion: criterion.to_owned() })
            }
            ("fact", name) => Some(Self::Fact(name.to_owned())),
            _ => None,
        }
    }
}

/// A person's word, at one time, that a label holds or a fact has a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    /// Its id.
    pub id: Id<kind::Attestation>,
    /// The run it belongs to.
    pub stage_run_id: Id<StageRun>,
    /// What it is about.
    pub target: Target,
    /// The value attested, for a fact.
    pub value: Option<Value>,
    /// The role in which the person spoke.
    pub by_role: Role,
    /// Who.
    pub by: Id<kind::Person>,
    /// A remark, at most 2,000 characters.
    pub note: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// Its evidence that was not withdrawn.
    pub evidence: Vec<Id<kind::Evidence>>,
}

/// What a piece of evidence is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// An `http` or `https` link.
    Link(String),
    /// A text.
    Text(String),
    /// An uploaded file.
    File(Id<kind::File>),
}

/// The kinds of [`Content`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentKind {
    /// An `http` or `https` link.
    Link,
    /// A text.
    Text,
    /// An uploaded file.
    File,
}

named! {
    ContentKind { Link = "LINK", Text = "TEXT", File = "FILE" }
}

impl Content {
    /// The kind of content.
    pub fn kind(&self) -> ContentKind {
        match self {
            Self::Link(_) => ContentKind::Link,
            Self::Text(_) => ContentKind::Text,
            Self::File(_) => ContentKind::File,
        }
    }
}

/// Evidence as submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// 1 to [`MAX_TITLE`] characters.
    pub title: String,
    /// What it is.
    pub content: Content,
}

impl Submission {
    /// Checks title and content; says which field is at fault.
    pub fn checked(&self) -> Result<Self, Refusal> {
        let content = match &self.content {
            Content::Link(link) => Content::Link(checked_link(link)?),
            Content::Text(text) => Content::Text(text::prose("text", text, 1, MAX_TEXT)?),
            Content::File(id) => Content::File(*id),
        };
        Ok(Self { title: text::line("title", &self.title, 1, MAX_TITLE)?, content })
    }
}

fn checked_link(link: &str) -> Result<String, Refusal> {
    let link = text::line("link", link, 8, MAX_LINK)?;
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let host = rest.and_then(|r| r.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || host.contains('@') || link.contains(char::is_whitespace) {
        return Err(Refusal::invalid("link", "link is not an http or https address without credentials"));
    }
    Ok(link)
}

/// What the playbook asks of an attestation of `target`: who may give it, and how much evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Any one of these roles.
    pub roles: Vec<Role>,
    /// At least so many pieces of evidence.
    pub evidence: u32,
}

impl Demand {
    /// What `stage` asks for `target`; refuses a target the stage does not have.
    pub fn of(playbook: &Playbook, stage: &Stage, target: &Target) -> Result<Self, Refusal> {
        let found = match target {
            Target::DoneWhen(key) => done_when(playbook, stage, key),
            Target::Criterion { gate, criterion } => attested_criterion(stage, gate, criterion),
            Target::Fact(name) => attested_fact(playbook, stage, name),
        };
        found.ok_or_else(|| {
            let text = format!("stage {} has nothing to attest as {}", stage.number, target.key());
            Refusal::new(Code::UnknownLabel, text).at("target")
        })
    }

    /// The role in which a person holding `held` may attest.
    pub fn role_of<'a>(&self, held: impl IntoIterator<Item = &'a Role>) -> Result<Role, Refusal> {
        held.into_iter().find(|role| self.roles.contains(role)).cloned().ok_or_else(|| {
            let roles = self.roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", ");
            Refusal::new(Code::AttestationNotAllowed, format!("this is attested by {roles}")).at("target")
        })
    }

    /// Refuses too little evidence, or too much.
    pub fn check_evidence(&self, count: usize) -> Result<(), Refusal> {
        if count < self.evidence as usize {
            return Err(Refusal::new(
                Code::EvidenceRequired,
                format!("{} of evidence needed, {count} given", self.evidence),
            )
            .at("evidence"));
        }
        if count > MAX_PER_ATTESTATION {
            return Err(Refusal::invalid(
                "evidence",
                format!("at most {MAX_PER_ATTESTATION} pieces of evidence"),
            ));
        }
        Ok(())
    }
}

fn done_when(playbook: &Playbook, stage: &Stage, key: &str) -> Option<Demand> {
    let (substage, _) = stage.done_when(key)?;
    let mut roles = vec![substage.owner.clone()];
    roles.extend(playbook.final_authority.iter().filter(|role| **role != substage.owner).cloned());
    Some(Demand { roles, evidence: 1 })
}

fn attested_criterion(stage: &Stage, gate: &str, criterion: &str) -> Option<Demand> {
    match &stage.gate(gate)?.criterion(criterion)?.test {
        Test::Attested { roles, evidence } => Some(Demand { roles: roles.clone(), evidence: *evidence }),
        Test::Rule { .. } => None,
    }
}

/// Any role that one of the rules reading the fact names, and the most evidence one of them wants.
fn attested_fact(playbook: &Playbook, stage: &Stage, name: &str) -> Option<Demand> {
    if playbook.facts.get(name)?.source != Source::Attested {
        return None;
    }
    let reads = |criterion: &&Criterion| matches!(&criterion.test, Test::Rule { expression, .. } if expression.facts_used().contains(name));
    let mut demand: Option<Demand> = None;
    for criterion in stage.gates().flat_map(|gate| &gate.criteria).filter(reads) {
        let demand = demand.get_or_insert(Demand { roles: Vec::new(), evidence: 0 });
        if let Test::Rule { roles, evidence, .. } = &criterion.test {
            demand.evidence = demand.evidence.max(*evidence);
            demand.roles.extend(roles.iter().cloned());
        }
    }
    demand
}

/// The value attested for a target, checked: facts need one of their type, within their range.
pub fn checked_value(
    playbook: &Playbook,
    target: &Target,
    value: Option<&Value>,
) -> Result<Option<Value>, Refusal> {
    let declared = match target {
        Target::Fact(name) => playbook.facts.get(name),
        Target::DoneWhen(_) | Target::Criterion { .. } => None,
    };
    match (declared, value) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::invalid("value", "only a fact is attested with a value")),
        (Some(_), None) => Err(Refusal::invalid("value", "a fact is attested with its value")),
        (Some(declared), Some(value)) => {
            let value = value.as_number_of(declared.r#type);
            let bad = |problem| Refusal::invalid("value", format!("the value {problem}"));
            declared.check(&value).map_err(bad)?;
            Ok(Some(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_http_without_credentials() {
        for good in ["https://example.com", "http://example.com/a?b#c"] {
            assert_eq!(checked_link(good).as_deref(), Ok(good));
        }
        for bad in [
            "ftp://example.com",
            "https://",
            "https://u:p@example.com/",
            "javascript:alert(1)",
            "https://a b",
        ] {
            assert!(checked_link(bad).is_err(), "{bad}");
        }
    }
}
