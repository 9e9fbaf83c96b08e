//! The agenda of a stage run: the steps that can be taken next, and who may take them.
//!
//! Nothing is decided here that a command does not decide again: a step that is listed may still be refused
//! when somebody else was faster.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    evidence::{Demand, Target},
    gate::{Action as Remedy, Decision, Verdict},
    named::named,
    playbook::{Gate, GateKind, Playbook, Stage},
    role::Role,
    root::RootId,
    stage_run::{GateProgress, Progress, StageRun, Status, WaitsFor},
};

/// Something that can be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub action: Action,
    /// Who answers for it; none: whoever may do it.
    pub owner: Option<Role>,
    /// Who may.
    pub roles: Vec<Role>,
    /// For people.
    pub text: String,
}

/// The kinds of [`Step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Attest a label, a criterion, or the value of a fact.
    Attest(Target),
    /// Have a gate validated: it would pass on what is known.
    Validate {
        /// Key of the gate.
        gate: String,
    },
    /// Move the venture to its next stage.
    Advance,
    /// Complete the portfolio's stage run.
    Complete,
}

/// How one gate of the run stands.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// What it would get from what is known now.
    pub decision: Decision,
    /// The verdict of its latest decided run.
    pub recorded: Option<Verdict>,
    /// Whether a run of it is queued.
    pub queued: bool,
}

impl Standing<'_> {
    fn is_green(&self) -> bool {
        self.recorded == Some(Verdict::Pass) && self.decision.verdict == Verdict::Pass
    }
}

/// The steps of an open run: labels first, then gates in their order, then moving on.
pub fn steps(
    (playbook, stage): (&Playbook, &Stage),
    run: &StageRun,
    open_labels: &[&str],
    gates: &[Standing<'_>],
    now: DateTime<Utc>,
) -> Vec<Step> {
    let awaited = match run.status {
        Status::Entering => GateKind::Entry,
        Status::Active { .. } => GateKind::Exit,
        Status::Completed { .. } | Status::Abandoned { .. } | Status::Skipped { .. } => return Vec::new(),
    };
    let mut steps: Vec<_> = open_labels.iter().filter_map(|key| attest_label(playbook, stage, key)).collect();
    for standing in gates.iter().filter(|s| s.gate.kind == awaited && !s.is_green()) {
        if standing.decision.verdict != Verdict::Pass {
            remedies((playbook, stage), standing, &mut steps);
        } else if !standing.queued {
            steps.push(validate(playbook, standing.gate));
        }
    }
    let progress = gates.iter().map(|standing| GateProgress {
        key: &standing.gate.key,
        kind: standing.gate.kind,
        recorded: standing.recorded,
        current: standing.decision.verdict,
    });
    let progress = Progress { open_labels: open_labels.to_vec(), gates: progress.collect() };
    if run.clone().complete(&progress, now).is_ok() {
        let action = match run.root {
            RootId::Venture(_) => Action::Advance,
            RootId::Portfolio(_) => Action::Complete,
        };
        steps.push(leave(playbook, stage, action));
    }
    steps
}

fn attest_label(playbook: &Playbook, stage: &Stage, key: &str) -> Option<Step> {
    let (substage, label) = stage.done_when(key)?;
    let target = Target::DoneWhen(key.to_owned());
    let roles = Demand::of(playbook, stage, &target).ok()?.roles;
    let text = format!("{}: {}", substage.title, label.label);
    Some(Step { action: Action::Attest(target), owner: Some(substage.owner.clone()), roles, text })
}

/// What people can do so that a gate turns green, each thing once.
fn remedies((playbook, stage): (&Playbook, &Stage), standing: &Standing<'_>, steps: &mut Vec<Step>) {
    for remedy in &standing.decision.least {
        let target = match (&remedy.fact, remedy.action) {
            (None, Remedy::Attest) => {
                Target::Criterion { gate: standing.gate.key.clone(), criterion: remedy.criterion.clone() }
            }
            (Some(fact), _) => Target::Fact(fact.clone()),
            (None, _) => continue,
        };
        // A fact that the platform supplies is nobody's to attest.
        let Ok(demand) = Demand::of(playbook, stage, &target) else { continue };
        let action = Action::Attest(target);
        if steps.iter().all(|step| step.action != action) {
            let owner = demand.roles.contains(&stage.owner).then(|| stage.owner.clone());
            steps.push(Step { action, owner, roles: demand.roles, text: remedy.text.clone() });
        }
    }
}

fn validate(playbook: &Playbook, gate: &Gate) -> Step {
    Step {
        action: Action::Validate { gate: gate.key.clone() },
        owner: None,
        roles: playbook.holders("request_gate_validation").cloned().collect(),
        text: format!("have the gate \"{}\" validated: it would pass", gate.label),
    }
}

fn leave(playbook: &Playbook, stage: &Stage, action: Action) -> Step {
    let roles: Vec<_> = playbook.holders(action.command()).cloned().collect();
    let owner = roles.contains(&stage.owner).then(|| stage.owner.clone());
    let text = format!("leave stage {}: its labels are attested and its gates have passed", stage.number);
    Step { action, owner, roles, text }
}

impl Action {
    /// The command that does it.
    pub fn command(&self) -> &'static str {
        match self {
            Self::Attest(_) => "attest",
            Self::Validate { .. } => "request_gate_validation",
            Self::Advance => "advance_venture",
            Self::Complete => "complete_stage_run",
        }
    }
}

impl Step {
    /// The roles that can take it: they may run its command, and are among those that it is for. One role has to be
    /// both, as the command asks it to be.
    pub fn takers<'a>(&'a self, rights: &'a Playbook) -> impl Iterator<Item = &'a Role> {
        self.roles.iter().filter(|role| rights.holders(self.action.command()).any(|holder| holder == *role))
    }

    /// Whether a person who holds these roles can take it.
    pub fn is_for(&self, rights: &Playbook, held: &[Role]) -> bool {
        self.takers(rights).any(|role| held.contains(role))
    }

    /// Whether a role answers for it: it is its owner's, or nobody's in particular.
    pub fn is_owned(&self, role: &Role) -> bool {
        self.owner.as_ref().is_none_or(|owner| owner == role)
    }
}

/// The roles for which a run waits: each once, in order.
pub fn waits_for(steps: &[Step], rights: &Playbook) -> Vec<WaitsFor> {
    let mut roles: BTreeMap<&Role, bool> = BTreeMap::new();
    for step in steps {
        for role in step.takers(rights) {
            *roles.entry(role).or_default() |= step.is_owned(role);
        }
    }
    roles.into_iter().map(|(role, owned)| WaitsFor { role: role.clone(), owned }).collect()
}

/// The kinds of thing that wait for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A stage run with steps that can be taken.
    StageRun,
    /// A dead letter that can be replayed.
    DeadLetter,
}

named! {
    Thing { StageRun = "STAGE_RUN", DeadLetter = "DEAD_LETTER" }
}
