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
    /// Gathers what `gates` look at; a fact that none of them reads costs no statement.
    pub async fn of(
        db: &impl ConnectionTrait,
        venture: &Venture,
        run: &StageRun,
        (playbook, stage): (&'a Playbook, &'a Stage),
        gates: impl Iterator<Item = &Gate>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let attestations = store::evidence::current(db, run.id).await?;
        let mut assessment = Self { playbook, stage, attestations, facts: Facts::new(), now };
        for name in facts_read(gates) {
            if let Some(observation) = assessment.observe(db, venture, &name).await? {
                assessment.facts.insert(name, observation);
            }
        }
        Ok(assessment)
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

    async fn observe(
        &self,
        db: &impl ConnectionTrait,
        venture: &Venture,
        name: &str,
    ) -> Result<Option<Observation>, Error> {
        let Some(declared) = self.playbook.facts.get(name) else { return Ok(None) };
        let (value, at, source) = match (declared.source, name) {
            (Source::Attested, _) => return Ok(self.attested_fact(name)),
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
            (_, "stages.completed") => {
                (Value::IntList(store::stage_run::completed(db, venture.id).await?), self.now, "stage runs")
            }
            (_, "stage_run.done_when_open") => {
                let open = i64::try_from(self.open_labels().len()).unwrap_or(i64::MAX);
                (Value::Int(open), self.now, "stage run")
            }
            (_, "portfolio.active_ventures") => {
                (Value::Int(active_ventures(db, venture).await?), self.now, "portfolio")
            }
            _ => return Ok(None),
        };
        let source = source.to_owned();
        Ok(Some(Observation { value, observed_at: at, source, by_role: None, evidence: Vec::new() }))
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
