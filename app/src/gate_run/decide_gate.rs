//! `decide_gate`: a queued gate run gets its verdict from what is known now. Brought to `gate-validator`
//! by a message.

use async_trait::async_trait;
use domain::{
    gate::Verdict,
    id::{Id, kind},
    job::Status,
    playbook::{FailureAction, Gate, GateKind, Playbook, Stage},
    stage_run::StageRun,
};
use entity::gate_run;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{assessment::Assessment, store};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    messages::{Message, queues},
    record::RecordId,
    store::corrupt,
};

/// Decides a queued gate run; one that has ended is left as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecideGate {
    /// The run.
    pub gate_run_id: Id<kind::GateRun>,
}

/// The agent named in every verdict.
pub(crate) const AGENT: &str = queues::GATE_VALIDATOR;

/// All entry gates of the stage passed, so the stage run became active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageEntered {
    /// The stage run.
    pub stage_run_id: Id<StageRun>,
    /// Number of the stage.
    pub stage: u32,
}

impl Event for StageEntered {
    const KIND: &'static str = "stage.entered.v1";
}

/// A gate validation was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GateRunDecided {
    /// The gate run.
    pub gate_run_id: Id<kind::GateRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Key of the gate.
    pub gate: String,
    /// Entry or exit.
    pub gate_kind: GateKind,
    /// The verdict.
    pub verdict: Verdict,
    /// What the playbook says should follow a failure; null when the gate did not fail or nothing is given.
    pub failure_action: Option<FailureAction>,
}

impl Event for GateRunDecided {
    const KIND: &'static str = "gate_run.decided.v1";
}

/// A gate validation was cancelled: by a person, or because its stage run ended or moved on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GateRunCancelled {
    /// The gate run.
    pub gate_run_id: Id<kind::GateRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Key of the gate.
    pub gate: String,
}

impl Event for GateRunCancelled {
    const KIND: &'static str = "gate_run.cancelled.v1";
}

impl Message for DecideGate {
    const NAME: &'static str = <Self as Command>::NAME;
    const QUEUE: &'static str = queues::GATE_VALIDATOR;

    fn job(&self) -> Option<RecordId> {
        Some(RecordId::of::<gate_run::Model>(self.gate_run_id))
    }
}

#[async_trait]
impl Command for DecideGate {
    const NAME: &'static str = "decide_gate";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = &[
        event::Declared::of::<GateRunDecided>(),
        event::Declared::of::<GateRunCancelled>(),
        event::Declared::of::<StageEntered>(),
    ];
    type Output = ();

    fn target(&self) -> Target {
        Target::record::<gate_run::Model>(self.gate_run_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let queued = cx.record_row::<gate_run::Model>()?.clone();
        if *queued.status != Status::Queued {
            return Ok(());
        }
        let playbook_id = cx.take_stage_run(Id::new(queued.stage_run_id)).await?.playbook_id;
        let playbook = cx.playbook(playbook_id).await?;
        let run = cx.stage_run()?;
        let stage = playbook.stage(run.stage).ok_or_else(|| corrupt("a run of no stage"))?;
        let gate = stage.gate(&queued.gate).ok_or_else(|| corrupt("a run of no gate"))?;
        if run.is_open() && run.require_validatable(gate.kind).is_ok() {
            decide(cx, &queued, (&playbook, stage, gate)).await
        } else {
            cancel(cx, &queued, Some(AGENT))
        }
    }
}

async fn decide(
    cx: &mut Context<'_>,
    queued: &gate_run::Model,
    (playbook, stage, gate): (&Playbook, &Stage, &Gate),
) -> Result<(), Error> {
    let assessment = Assessment::of(cx, (playbook, stage), std::iter::once(gate)).await?;
    let decision = assessment.decide(gate);
    let verdict = decision.verdict;
    cx.write(store::end(queued, Some(&decision), Some(AGENT), cx.now())?);
    cx.stage_run_mut()?.settle(&gate.key, queued.requested_at, Some(verdict));
    cx.emit(GateRunDecided {
        gate_run_id: Id::new(queued.id),
        stage: stage.number,
        gate: queued.gate.clone(),
        gate_kind: gate.kind,
        verdict,
        failure_action: decision.failure,
    });
    tracing::info!(gate_run_id = %queued.id, gate = queued.gate, stage = stage.number, %verdict, "gate decided");
    match gate.kind {
        GateKind::Entry => enter(cx, (playbook, stage)).await,
        GateKind::Exit => Ok(()),
    }
}

/// Enters the stage once its last entry gate has passed.
async fn enter(cx: &mut Context<'_>, (playbook, stage): (&Playbook, &Stage)) -> Result<(), Error> {
    let now = cx.now();
    let assessment = Assessment::of(cx, (playbook, stage), stage.entry_gates.iter()).await?;
    let run = cx.stage_run_mut()?;
    let progress = assessment.progress(run);
    if run.enter(&progress, now) {
        let id = run.id;
        cx.emit(StageEntered { stage_run_id: id, stage: stage.number });
    }
    Ok(())
}

/// Cancels a queued gate run: a person no longer wants it, or its stage run ended or moved on.
pub(crate) fn cancel(cx: &mut Context<'_>, queued: &gate_run::Model, by: Option<&str>) -> Result<(), Error> {
    let stage = u32::try_from(queued.stage).map_err(|_| corrupt("a negative stage"))?;
    cx.write(store::end(queued, None, by, cx.now())?);
    cx.stage_run_mut()?.settle(&queued.gate, queued.requested_at, None);
    cx.emit(GateRunCancelled { gate_run_id: Id::new(queued.id), stage, gate: queued.gate.clone() });
    Ok(())
}
