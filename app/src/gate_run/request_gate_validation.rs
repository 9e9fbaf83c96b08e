//! `request_gate_validation`: a gate run is queued, and a worker told to decide it.

use async_trait::async_trait;
use domain::{
    Refusal, RootId,
    id::{Id, kind},
    playbook::GateKind,
    refusal::Code,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DecideGate, store};
use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

/// Asks for one gate of the current stage run of a venture or a portfolio to be decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestGateValidation {
    /// The venture or the portfolio.
    #[serde(flatten)]
    pub root: RootId,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// Key of the gate within the stage.
    pub gate: String,
}

/// A gate validation was requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GateRunRequested {
    /// The gate run.
    pub gate_run_id: Id<kind::GateRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Key of the gate.
    pub gate: String,
    /// Entry or exit.
    pub gate_kind: GateKind,
}

impl Event for GateRunRequested {
    const KIND: &'static str = "gate_run.requested.v1";
}

#[async_trait]
impl Command for RequestGateValidation {
    const NAME: &'static str = "request_gate_validation";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<GateRunRequested>()];
    const ACTS_ON: Option<Kind> = Some(Kind::StageRun);
    type Output = Id<kind::GateRun>;

    fn target(&self) -> Target {
        Target::root(self.root).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let playbook = cx.find_stage_run().await?.playbook_id;
        let playbook = cx.playbook(playbook).await?;
        let run = cx.stage_run()?;
        let gate = playbook.stage(run.stage).and_then(|stage| stage.gate(&self.gate)).ok_or_else(|| {
            let message = format!("stage {} has no gate {:?}", run.stage, self.gate);
            Refusal::new(Code::UnknownGate, message).at("gate")
        })?;
        run.require_validatable(gate.kind).map_err(|refusal| refusal.at("gate"))?;
        let queued = store::queued(cx, run, gate)?;
        let (id, stage) = (Id::new(queued.id), run.stage);
        cx.write(store::insert(queued));
        cx.stage_run_mut()?.queue(&gate.key, id);
        cx.send(&DecideGate { gate_run_id: id })?;
        cx.emit(GateRunRequested { gate_run_id: id, stage, gate: gate.key.clone(), gate_kind: gate.kind });
        Ok(id)
    }
}
