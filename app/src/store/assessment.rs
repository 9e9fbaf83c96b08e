//! What a stage run's gates can be decided on: facts and attestations, as they are now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    evidence::{Attestation, Target},
    expression::{Facts, Observation, Source, Value},
    gate::{self, Attested, Decision, Verdict},
    playbook::{Gate, Playbook, Stage, Test},
    stage_run::{GateProgress, Progress, StageRun},
    venture::Venture,
};
use entity::venture as venture_row;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::{Error, store};

/// The fact that lists the stages a venture has completed.
const COMPLETED: &str = "stages.completed";
/// The fact that counts the active ventures of its portfolio.
const ACTIVE_VENTURES: &str = "portfolio.active_ventures";

/// What facts are about beside the run and its venture; what was not read is unknown.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    /// Numbers of the stages that the venture has completed, ascending.
    pub completed: Option<Vec<i64>>,
    /// Active ventures of the portfolio.
    pub active_ventures: Option<i64>,
}

/// A stage run with all that its gates look at.
#[derive(Debug)]
pub struct Assessment<'a> {
    playbook: &'a Playbook,
    stage: &'a Stage,
    attestations: Vec<Attestation>,
    facts: Facts,
    now: DateTime<Utc>,
}

impl<'a> Assessment<'a> {
    /// Gathers what `gates` look at; a fact that none of them reads costs no statement, and is unknown.
    pub async fn of(
        db: &impl ConnectionTrait,
        venture: &Venture,
        run: &StageRun,
        (playbook, stage): (&'a Playbook, &'a Stage),
        gates: impl Iterator<Item = &Gate>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let attestations = store::evidence::current(db, run.id).await?;
        let names = facts_read(gates);
        let mut elsewhere = Elsewhere::default();
        if names.contains(COMPLETED) {
            elsewhere.completed = Some(store::stage_run::completed(db, venture.id).await?);
        }
        if names.contains(ACTIVE_VENTURES) {
            elsewhere.active_ventures = Some(active_ventures(db, venture).await?);
        }
        Ok(Self::gathered(venture, (playbook, stage), attestations, &elsewhere, now))
    }

    /// The same from what was gathered for many runs at once; nothing is read.
    pub fn gathered(
        venture: &Venture,
        (playbook, stage): (&'a Playbook, &'a Stage),
        attestations: Vec<Attestation>,
        elsewhere: &Elsewhere,
        now: DateTime<Utc>,
    ) -> Self {
        let mut assessment = Self { playbook, stage, attestations, facts: Facts::new(), now };
        for name in facts_read(stage.gates()) {
            if let Some(observation) = assessment.observe(venture, &name, elsewhere) {
                assessment.facts.insert(name, observation);
            }
        }
        assessment
    }

    /// Decides one gate.
    pub fn decide(&self, gate: &Gate) -> Decision {
        let attested: Vec<Attested> =
            self.attestations.iter().filter_map(|a| attested(a, &gate.key)).collect();
        gate::decide(
            gate,
            &gate::Input {
                facts: &self.facts,
                attestations: &attested,
                now: self.now,
                declared: &self.playbook.facts,
            },
        )
    }

    /// Keys of the labels that are not attested with the evidence they need.
    pub fn open_labels(&self) -> Vec<&'a str> {
        let held = |key: &str| {
            self.attestations
                .iter()
                .any(|a| matches!(&a.target, Target::DoneWhen(k) if k == key) && !a.evidence.is_empty())
        };
        let labels = self.stage.substages.iter().flat_map(|s| &s.done_when);
        labels.map(|d| d.key.as_str()).filter(|key| !held(key)).collect()
    }

    /// Where the run stands, given the verdict last recorded for each gate.
    pub fn progress(&self, recorded: &BTreeMap<String, Verdict>) -> Progress<'a> {
        let gates = self.stage.gates().map(|gate| GateProgress {
            key: &gate.key,
            kind: gate.kind,
            recorded: recorded.get(&gate.key).copied(),
            current: self.decide(gate).verdict,
        });
        Progress { open_labels: self.open_labels(), gates: gates.collect() }
    }

    fn observe(&self, venture: &Venture, name: &str, elsewhere: &Elsewhere) -> Option<Observation> {
        let declared = self.playbook.facts.get(name)?;
        let (value, at, source) = match (declared.source, name) {
            (Source::Attested, _) => return self.attested_fact(name),
            (_, "venture.name") => {
                (Value::String(venture.profile.name.clone()), venture.updated_at, "venture")
            }
            (_, "venture.description") => {
                (Value::String(venture.profile.description.clone()), venture.updated_at, "venture")
            }
            (_, "venture.category") => {
                let category = venture.profile.category.clone().unwrap_or_default();
                (Value::String(category), venture.updated_at, "venture")
            }
            (_, COMPLETED) => (Value::IntList(elsewhere.completed.clone()?), self.now, "stage runs"),
            (_, "stage_run.done_when_open") => {
                let open = i64::try_from(self.open_labels().len()).unwrap_or(i64::MAX);
                (Value::Int(open), self.now, "stage run")
            }
            (_, ACTIVE_VENTURES) => (Value::Int(elsewhere.active_ventures?), self.now, "portfolio"),
            _ => return None,
        };
        let source = source.to_owned();
        Some(Observation { value, observed_at: at, source, by_role: None, evidence: Vec::new() })
    }

    fn attested_fact(&self, name: &str) -> Option<Observation> {
        let found = self.attestations.iter().find(|a| matches!(&a.target, Target::Fact(f) if f == name))?;
        Some(Observation {
            value: found.value.clone()?,
            observed_at: found.at,
            source: format!("attested by {}", found.by_role),
            by_role: Some(found.by_role.clone()),
            evidence: found.evidence.iter().map(|id| id.uuid()).collect(),
        })
    }
}

fn attested(attestation: &Attestation, gate_key: &str) -> Option<Attested> {
    match &attestation.target {
        Target::Criterion { gate, criterion } if gate == gate_key => Some(Attested {
            criterion: criterion.clone(),
            by_role: attestation.by_role.clone(),
            at: attestation.at,
            evidence: attestation.evidence.iter().map(|id| id.uuid()).collect(),
        }),
        _ => None,
    }
}

fn facts_read<'g>(gates: impl Iterator<Item = &'g Gate>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for criterion in gates.flat_map(|gate| &gate.criteria) {
        if let Test::Rule { expression, .. } = &criterion.test {
            names.extend(expression.facts_used().iter().cloned());
        }
    }
    names
}

async fn active_ventures(db: &impl ConnectionTrait, venture: &Venture) -> Result<i64, Error> {
    let count = venture_row::Entity::find()
        .filter(venture_row::Column::PortfolioId.eq(venture.portfolio_id.uuid()))
        .filter(venture_row::Column::Status.eq("ACTIVE"))
        .count(db)
        .await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
