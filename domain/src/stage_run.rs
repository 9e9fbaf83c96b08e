//! Stage runs: one attempt of a venture (or of the portfolio) at one stage, and when it may move on.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Refusal, Role, RootId,
    gate::Verdict,
    id::{Id, kind},
    named::named,
    playbook::{GateKind, Stage},
    refusal::Code,
    text,
};

/// One attempt at one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageRun {
    /// Its id.
    pub id: Id<StageRun>,
    /// The portfolio it belongs to.
    pub portfolio_id: Id<kind::Portfolio>,
    /// Whose run it is: the root under whose lock the run changes.
    pub root: RootId,
    /// The playbook version it started with, and ends with.
    pub playbook_id: Id<kind::Playbook>,
    /// Number of the stage.
    pub stage: u32,
    /// Counts the subject's runs of this stage, from 1.
    pub attempt: u32,
    /// How far it is.
    pub status: Status,
    /// When it opened.
    pub started_at: DateTime<Utc>,
    /// When its expected days are over.
    pub due_at: DateTime<Utc>,
    /// When it was found late.
    pub late_at: Option<DateTime<Utc>>,
    /// How its gates stand, by key; a gate that nobody asked about has no entry.
    pub gates: BTreeMap<String, GateState>,
    /// The roles for which the run waits: its rows among what waits for people say the same.
    pub waits_for: Vec<WaitsFor>,
}

/// How a gate of a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateState {
    /// The gate run that was asked for last.
    pub latest: Option<Id<kind::GateRun>>,
    /// Gate runs that are queued.
    pub queued: u32,
    /// The verdict of the latest decided gate run; none: never decided.
    pub verdict: Option<Verdict>,
    /// When that gate run was asked for.
    pub verdict_asked_at: Option<DateTime<Utc>>,
}

/// A role that can take a step in a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WaitsFor {
    /// The role.
    pub role: Role,
    /// Whether one of the steps is the role's to answer for, or nobody's in particular.
    pub owned: bool,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Opened; its entry gates have not all passed.
    Entering,
    /// Work may be validated and the stage left.
    Active {
        /// When the last entry gate passed.
        entered_at: DateTime<Utc>,
    },
    /// Left through its exit gates.
    Completed {
        /// When.
        at: DateTime<Utc>,
    },
    /// Ended without being completed, because its subject ended.
    Abandoned {
        /// When.
        at: DateTime<Utc>,
    },
    /// Ended without being completed, because a person decided to leave the stage out.
    Skipped {
        /// When.
        at: DateTime<Utc>,
    },
}

/// The kinds of [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKind {
    /// Opened; at least one entry gate has not passed.
    Entering,
    /// Entered; work is under way.
    Active,
    /// Left through its exit gates.
    Completed,
    /// Ended without being completed, because its subject ended.
    Abandoned,
    /// Ended without being completed, because a person left the stage out.
    Skipped,
}

named! {
    StatusKind {
        Entering = "ENTERING",
        Active = "ACTIVE",
        Completed = "COMPLETED",
        Abandoned = "ABANDONED",
        Skipped = "SKIPPED",
    }
}

impl Status {
    /// The kind of status, without its times.
    pub fn kind(&self) -> StatusKind {
        match self {
            Self::Entering => StatusKind::Entering,
            Self::Active { .. } => StatusKind::Active,
            Self::Completed { .. } => StatusKind::Completed,
            Self::Abandoned { .. } => StatusKind::Abandoned,
            Self::Skipped { .. } => StatusKind::Skipped,
        }
    }
}

/// What moves a run: the state of its labels and gates.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// Keys of the done-when labels not attested.
    pub open_labels: Vec<&'a str>,
    /// Each gate with the verdict last recorded for it, and the verdict it would get now.
    pub gates: Vec<GateProgress<'a>>,
}

/// One gate's standing.
#[derive(Clone, Copy, Debug)]
pub struct GateProgress<'a> {
    /// Key of the gate.
    pub key: &'a str,
    /// Entry or exit.
    pub kind: GateKind,
    /// The verdict of its latest decided run; none: never decided.
    pub recorded: Option<Verdict>,
    /// The verdict it would get from what is known now.
    pub current: Verdict,
}

impl StageRun {
    /// Opens a run of `stage` at `now`; a stage without entry gates is active at once.
    pub fn open(
        id: Id<StageRun>,
        portfolio_id: Id<kind::Portfolio>,
        root: RootId,
        (playbook_id, stage): (Id<kind::Playbook>, &Stage),
        attempt: u32,
        now: DateTime<Utc>,
    ) -> Self {
        let status =
            if stage.entry_gates.is_empty() { Status::Active { entered_at: now } } else { Status::Entering };
        let due_at = now.checked_add_days(Days::new(u64::from(stage.expected_days))).unwrap_or(now);
        Self {
            id,
            portfolio_id,
            root,
            playbook_id,
            stage: stage.number,
            attempt,
            status,
            started_at: now,
            due_at,
            late_at: None,
            gates: BTreeMap::new(),
            waits_for: Vec::new(),
        }
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Status::Entering | Status::Active { .. })
    }

    /// Refuses a validation that makes no sense now: an exit gate before entry, an entry gate after.
    pub fn require_validatable(&self, kind: GateKind) -> Result<(), Refusal> {
        match (self.status, kind) {
            (Status::Entering, GateKind::Exit) => Err(Refusal::new(
                Code::StageNotEntered,
                format!("the entry gates of stage {} have not all passed", self.stage),
            )),
            (Status::Active { .. }, GateKind::Entry) => Err(Refusal::new(
                Code::StageAlreadyEntered,
                format!("stage {} was entered; its entry gates are settled", self.stage),
            )),
            _ => Ok(()),
        }
    }

    /// Enters the stage if every entry gate has passed; tells whether it did.
    pub fn enter(&mut self, progress: &Progress<'_>, now: DateTime<Utc>) -> bool {
        let ready = self.status == Status::Entering && blockers(progress, GateKind::Entry).is_none();
        if ready {
            self.status = Status::Active { entered_at: now };
        }
        ready
    }

    /// Completes the stage: all labels attested, every exit gate passed and passing still.
    pub fn complete(&mut self, progress: &Progress<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
        if self.status == Status::Entering {
            self.require_validatable(GateKind::Exit)?;
        }
        if !progress.open_labels.is_empty() {
            let labels = progress.open_labels.join(", ");
            return Err(Refusal::new(Code::DoneWhenOpen, format!("labels not attested: {labels}")));
        }
        if let Some(refusal) = blockers(progress, GateKind::Exit) {
            return Err(refusal);
        }
        self.status = Status::Completed { at: now };
        Ok(())
    }

    /// Leaves the stage out; tells the reason as it is kept, 3 to 500 characters.
    pub fn skip(&mut self, reason: &str, now: DateTime<Utc>) -> Result<String, Refusal> {
        let reason = text::prose("reason", reason, 3, 500)?;
        if !self.is_open() {
            return Err(Refusal::new(Code::StageRunEnded, "the stage run has ended"));
        }
        self.status = Status::Skipped { at: now };
        Ok(reason)
    }

    /// Counts a gate run that was asked for.
    pub fn queue(&mut self, gate: &str, id: Id<kind::GateRun>) {
        let state = self.gates.entry(gate.to_owned()).or_default();
        state.latest = Some(id);
        state.queued += 1;
    }

    /// Counts a gate run that ended: with a verdict, or without one. Of two that were asked for one after the
    /// other, the later one's verdict stands, whichever is decided first.
    pub fn settle(&mut self, gate: &str, asked_at: DateTime<Utc>, verdict: Option<Verdict>) {
        let state = self.gates.entry(gate.to_owned()).or_default();
        state.queued = state.queued.saturating_sub(1);
        if verdict.is_some() && state.verdict_asked_at.is_none_or(|before| before <= asked_at) {
            state.verdict = verdict;
            state.verdict_asked_at = Some(asked_at);
        }
    }

    /// The verdict that stands for a gate.
    pub fn recorded(&self, gate: &str) -> Option<Verdict> {
        self.gates.get(gate).and_then(|state| state.verdict)
    }

    /// Whether a run of a gate is queued.
    pub fn is_queued(&self, gate: &str) -> bool {
        self.gates.get(gate).is_some_and(|state| state.queued > 0)
    }

    /// Ends an open run with its subject.
    pub fn abandon(&mut self, now: DateTime<Utc>) {
        if self.is_open() {
            self.status = Status::Abandoned { at: now };
        }
    }
}

/// Why the gates of `kind` hold the run, if they do.
fn blockers(progress: &Progress<'_>, kind: GateKind) -> Option<Refusal> {
    let of = |wanted: &dyn Fn(&GateProgress<'_>) -> bool| {
        let keys: Vec<_> =
            progress.gates.iter().filter(|g| g.kind == kind && wanted(g)).map(|g| g.key).collect();
        (!keys.is_empty()).then(|| keys.join(", "))
    };
    if let Some(keys) = of(&|g| g.recorded != Some(Verdict::Pass)) {
        return Some(Refusal::new(Code::GateNotPassed, format!("gates not passed: {keys}")));
    }
    of(&|g| g.current != Verdict::Pass).map(|keys| {
        Refusal::new(
            Code::GateLapsed,
            format!("gates passed on what has changed since; validate again: {keys}"),
        )
    })
}
