//! `withdraw_evidence`: a piece of evidence no longer counts. It stays on record, with the reason.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    refusal::Code,
    text,
};
use entity::evidence;
use schemars::JsonSchema;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

/// Withdraws a piece of evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawEvidence {
    /// The piece.
    pub evidence_id: Id<kind::Evidence>,
    /// Why: 3 to 500 characters.
    pub reason: String,
}

/// A piece of evidence was withdrawn and no longer counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EvidenceWithdrawn {
    /// The piece of evidence.
    pub evidence_id: Id<kind::Evidence>,
    /// The attestation it was submitted with; null when it was submitted without one.
    pub attestation_id: Option<Id<kind::Attestation>>,
    /// Why.
    pub reason: String,
}

impl Event for EvidenceWithdrawn {
    const KIND: &'static str = "evidence.withdrawn.v1";
}

#[async_trait]
impl Command for WithdrawEvidence {
    const NAME: &'static str = "withdraw_evidence";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<EvidenceWithdrawn>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Evidence);
    type Output = Id<kind::Evidence>;

    fn target(&self) -> Target {
        Target::record::<evidence::Model>(self.evidence_id)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()?;
        match standing.record::<evidence::Model>() {
            Some(row) if row.withdrawn_at.is_some() => {
                Err(Refusal::new(Code::EvidenceWithdrawn, "this evidence was withdrawn before"))
            }
            _ => Ok(()),
        }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let reason = text::prose("reason", &self.reason, 3, 500)?;
        let row = cx.record_row::<evidence::Model>()?;
        let (run, attestation_id) = (Id::new(row.stage_run_id), row.attestation_id.map(Id::new));
        let change = evidence::ActiveModel {
            id: Set(row.id),
            withdrawn_at: Set(Some(cx.now())),
            withdrawn_by_id: Set(Some(person.uuid())),
            withdrawn_reason: Set(Some(reason.clone())),
            ..Default::default()
        };
        evidence::Entity::update(change).exec_without_returning(cx.tx()).await?;
        cx.attestations_changed();
        if cx.venture().is_err() {
            cx.take_stage_run(run).await?;
        }
        cx.emit(EvidenceWithdrawn { evidence_id: self.evidence_id, attestation_id, reason });
        Ok(self.evidence_id)
    }
}
