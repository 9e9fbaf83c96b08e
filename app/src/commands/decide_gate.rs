//! `decide_gate`: a queued gate run gets its verdict from what is known now. Brought to `gate-validator`
//! by a message.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    job::Status,
    playbook::{Gate, GateKind, Playbook, Stage},
    stage_run::StageRun,
};
use entity::gate_run;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::Event,
    store::{self, assessment::Assessment},
};

/// Decides a queued gate run; one that has ended is left as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecideGate {
    /// The run.
    pub gate_run_id: Id<kind::GateRun>,
}

/// The agent named in every verdict.
pub const AGENT: &str = "gate-validator";

#[async_trait]
impl Command for DecideGate {
    const NAME: &'static str = "decide_gate";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::GateRun(self.gate_run_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let queued = store::find::<gate_run::Model>(cx.tx(), &cx.scope(), self.gate_run_id).await?;
        if queued.status != Status::Queued.as_str() {
            return Ok(());
        }
        let run = store::stage_run::find(cx.tx(), &cx.scope(), Id::new(queued.stage_run_id)).await?;
        let playbook = cx.playbook(run.playbook_id).await?;
        let stage = playbook.stage(run.stage).ok_or_else(|| store::corrupt("a run of no stage"))?;
        let gate = stage.gate(&queued.gate).ok_or_else(|| store::corrupt("a run of no gate"))?;
        if run.is_open() && run.require_validatable(gate.kind).is_ok() {
            decide(cx, &queued, run, (&playbook, stage, gate)).await
        } else {
            cancel(cx, &queued, run.stage).await
        }
    }
}

async fn decide(
    cx: &mut Context<'_>,
    queued: &gate_run::Model,
    run: StageRun,
    (playbook, stage, gate): (&Playbook, &Stage, &Gate),
) -> Result<(), Error> {
    let gates = std::iter::once(gate);
    let venture = cx.venture()?;
    let assessment = Assessment::of(cx.tx(), venture, &run, (playbook, stage), gates, cx.now()).await?;
    let decision = assessment.decide(gate);
    store::gate_run::end(cx.tx(), queued.id, Some(&decision), Some(AGENT), cx.now()).await?;
    let verdict = decision.verdict;
    cx.emit(Event::GateRunDecided {
        gate_run_id: Id::new(queued.id),
        stage: run.stage,
        gate: queued.gate.clone(),
        gate_kind: gate.kind,
        verdict,
        failure_action: decision.failure,
    });
    tracing::info!(gate_run_id = %queued.id, gate = queued.gate, stage = run.stage, %verdict, "gate decided");
    match gate.kind {
        GateKind::Entry => enter(cx, run, (playbook, stage)).await,
        GateKind::Exit => Ok(()),
    }
}

/// Enters the stage once its last entry gate has passed.
async fn enter(
    cx: &mut Context<'_>,
    mut run: StageRun,
    (playbook, stage): (&Playbook, &Stage),
) -> Result<(), Error> {
    let verdicts = store::gate_run::verdicts(cx.tx(), run.id).await?;
    let gates = stage.entry_gates.iter();
    let venture = cx.venture()?;
    let assessment = Assessment::of(cx.tx(), venture, &run, (playbook, stage), gates, cx.now()).await?;
    if run.enter(&assessment.progress(&verdicts), cx.now()) {
        store::stage_run::save(cx.tx(), &run).await?;
        cx.emit(Event::StageEntered { stage_run_id: run.id, stage: run.stage });
    }
    Ok(())
}

async fn cancel(cx: &mut Context<'_>, queued: &gate_run::Model, stage: u32) -> Result<(), Error> {
    store::gate_run::end(cx.tx(), queued.id, None, Some(AGENT), cx.now()).await?;
    cx.emit(Event::GateRunCancelled { gate_run_id: Id::new(queued.id), stage, gate: queued.gate.clone() });
    Ok(())
}
