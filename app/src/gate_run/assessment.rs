//! What a stage run's gates can be decided on: facts and attestations, as they are now.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    evidence::{Attestation, Target},
    expression::{Facts, Observation, Source, Value},
    gate::{self, Attested, Decision},
    playbook::{Gate, Playbook, Stage, Test},
    stage_run::{GateProgress, Progress, StageRun},
    venture::Venture,
};

use crate::{Context, Error, stage_run, venture};

/// The fact that lists the stages a venture has completed.
const COMPLETED: &str = "stages.completed";
/// The fact that counts the active ventures of its portfolio.
const ACTIVE_VENTURES: &str = "portfolio.active_ventures";

/// What facts are about beside the run and its venture; what was not read is unknown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elsewhere {
    /// Numbers of the stages that the root has completed, ascending.
    pub completed: Option<Vec<i64>>,
    /// Active ventures of the portfolio.
    pub active_ventures: Option<i64>,
}

impl Elsewhere {
    /// Reads those of the facts that a root's gates look at.
    async fn of(cx: &Context<'_>, names: &BTreeSet<String>) -> Result<Self, Error> {
        let mut elsewhere = Self::default();
        if names.contains(COMPLETED) {
            elsewhere.completed = Some(stage_run::store::completed(cx.tx(), cx.root()?).await?);
        }
        if names.contains(ACTIVE_VENTURES) {
            let portfolio = cx.portfolio_id()?;
            elsewhere.active_ventures = Some(venture::counts::active(cx.tx(), portfolio).await?);
        }
        Ok(elsewhere)
    }
}

/// Whether a stage's gates look at facts of the portfolio, which change without the root.
pub(crate) fn reads_portfolio(stage: &Stage) -> bool {
    facts_read(stage.gates()).contains(ACTIVE_VENTURES)
}

/// A stage run with all that its gates look at.
#[derive(Debug)]
pub(crate) struct Assessment<'a> {
    playbook: &'a Playbook,
    stage: &'a Stage,
    attestations: Vec<Attestation>,
    facts: Facts,
    now: DateTime<Utc>,
}

impl<'a> Assessment<'a> {
    /// Gathers what `gates` look at in the root's stage run; a fact that none of them reads costs no statement, and is
    /// unknown.
    pub(crate) async fn of(
        cx: &mut Context<'_>,
        (playbook, stage): (&'a Playbook, &'a Stage),
        gates: impl Iterator<Item = &Gate>,
    ) -> Result<Self, Error> {
        let attestations = cx.attestations().await?;
        let elsewhere = Elsewhere::of(cx, &facts_read(gates)).await?;
        Ok(Self::gathered(cx.venture().ok(), (playbook, stage), attestations, &elsewhere, cx.now()))
    }

    /// The same from what was gathered for many runs at once; nothing is read. There is no venture in a run of the
    /// portfolio.
    pub(crate) fn gathered(
        venture: Option<&Venture>,
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

    pub(crate) fn playbook(&self) -> &'a Playbook {
        self.playbook
    }

    pub(crate) fn stage(&self) -> &'a Stage {
        self.stage
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Decides one gate.
    pub(crate) fn decide(&self, gate: &Gate) -> Decision {
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
    pub(crate) fn open_labels(&self) -> Vec<&'a str> {
        let held = |key: &str| {
            self.attestations
                .iter()
                .any(|a| matches!(&a.target, Target::DoneWhen(k) if k == key) && !a.evidence.is_empty())
        };
        let labels = self.stage.substages.iter().flat_map(|s| &s.done_when);
        labels.map(|d| d.key.as_str()).filter(|key| !held(key)).collect()
    }

    /// Where a run stands: the verdict last recorded for each gate, beside the one it would get now.
    pub(crate) fn progress(&self, run: &StageRun) -> Progress<'a> {
        let gates = self.stage.gates().map(|gate| GateProgress {
            key: &gate.key,
            kind: gate.kind,
            recorded: run.recorded(&gate.key),
            current: self.decide(gate).verdict,
        });
        Progress { open_labels: self.open_labels(), gates: gates.collect() }
    }

    fn observe(&self, venture: Option<&Venture>, name: &str, elsewhere: &Elsewhere) -> Option<Observation> {
        let declared = self.playbook.facts.get(name)?;
        if declared.source == Source::Attested {
            return self.attested_fact(name);
        }
        let of_venture =
            |value: String, venture: &Venture| (Value::String(value), venture.updated_at, "venture");
        let (value, at, source) = match name {
            "venture.name" => venture.map(|v| of_venture(v.profile.name.clone(), v))?,
            "venture.description" => venture.map(|v| of_venture(v.profile.description.clone(), v))?,
            "venture.category" => {
                venture.map(|v| of_venture(v.profile.category.clone().unwrap_or_default(), v))?
            }
            COMPLETED => (Value::IntList(elsewhere.completed.clone()?), self.now, "stage runs"),
            "stage_run.done_when_open" => {
                let open = i64::try_from(self.open_labels().len()).unwrap_or(i64::MAX);
                (Value::Int(open), self.now, "stage run")
            }
            ACTIVE_VENTURES => (Value::Int(elsewhere.active_ventures?), self.now, "portfolio"),
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

/// The facts that gates look at.
fn facts_read<'g>(gates: impl Iterator<Item = &'g Gate>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for criterion in gates.flat_map(|gate| &gate.criteria) {
        if let Test::Rule { expression, .. } = &criterion.test {
            names.extend(expression.facts_used().iter().cloned());
        }
    }
    names
}
