//! `request_gate_validation`: a gate run is queued, and a worker told to decide it.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    job::Status,
    playbook::GateKind,
    refusal::Code,
    venture::Venture,
};
use entity::gate_run;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, commands::DecideGate, event::Event, store};

/// Asks for one gate of a venture's current stage to be decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestGateValidation {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// Key of the gate within the stage.
    pub gate: String,
}

#[async_trait]
impl Command for RequestGateValidation {
    const NAME: &'static str = "request_gate_validation";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<kind::GateRun>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let venture = cx.venture()?;
        venture.require_active()?;
        let portfolio_id = venture.portfolio_id;
        let run = store::stage_run::find(cx.tx(), &cx.scope(), venture.stage_run_id).await?;
        let playbook = cx.playbook(run.playbook_id).await?;
        let gate = playbook.stage(run.stage).and_then(|stage| stage.gate(&self.gate)).ok_or_else(|| {
            let message = format!("stage {} has no gate {:?}", run.stage, self.gate);
            Refusal::new(Code::UnknownGate, message).at("gate")
        })?;
        run.require_validatable(gate.kind).map_err(|refusal| refusal.at("gate"))?;
        let id = cx.id::<kind::GateRun>();
        gate_run::Entity::insert(gate_run::ActiveModel {
            id: Set(id.uuid()),
            portfolio_id: Set(portfolio_id.uuid()),
            venture_id: Set(self.venture_id.uuid()),
            stage_run_id: Set(run.id.uuid()),
            stage: Set(i16::try_from(run.stage).unwrap_or(i16::MAX)),
            gate: Set(gate.key.clone()),
            kind: Set(kind_name(gate.kind).to_owned()),
            status: Set(Status::Queued.as_str().to_owned()),
            verdict: Set(None),
            decision: Set(None),
            requested_by_id: Set(person.uuid()),
            requested_at: Set(cx.now()),
            decided_at: Set(None),
            decided_by: Set(None),
            trace_id: Set(cx.trace_id()),
            version: Set(1),
        })
        .exec_without_returning(cx.tx())
        .await?;
        cx.send(&DecideGate { gate_run_id: id })?;
        cx.emit(Event::GateRunRequested {
            gate_run_id: id,
            stage: run.stage,
            gate: gate.key.clone(),
            gate_kind: gate.kind,
        });
        Ok(id)
    }
}

fn kind_name(kind: GateKind) -> &'static str {
    match kind {
        GateKind::Entry => "ENTRY",
        GateKind::Exit => "EXIT",
    }
}
