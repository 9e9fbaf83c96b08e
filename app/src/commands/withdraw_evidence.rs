//! `withdraw_evidence`: a piece of evidence no longer counts. It stays on record, with the reason.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    refusal::Code,
    text,
};
use entity::evidence;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Withdraws a piece of evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawEvidence {
    /// The piece.
    pub evidence_id: Id<kind::Evidence>,
    /// Why: 3 to 500 characters.
    pub reason: String,
}

#[async_trait]
impl Command for WithdrawEvidence {
    const NAME: &'static str = "withdraw_evidence";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<kind::Evidence>;

    fn target(&self) -> Target {
        Target::Evidence(self.evidence_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        cx.venture()?.require_active()?;
        let reason = text::prose("reason", &self.reason, 3, 500)?;
        let row = store::find::<evidence::Model>(cx.tx(), &cx.scope(), self.evidence_id).await?;
        if row.withdrawn_at.is_some() {
            return Err(Refusal::new(Code::EvidenceWithdrawn, "this evidence was withdrawn before").into());
        }
        let change = evidence::ActiveModel {
            id: Set(row.id),
            withdrawn_at: Set(Some(cx.now())),
            withdrawn_by_id: Set(Some(person.uuid())),
            withdrawn_reason: Set(Some(reason.clone())),
            ..Default::default()
        };
        evidence::Entity::update(change).exec_without_returning(cx.tx()).await?;
        cx.emit(Event::EvidenceWithdrawn {
            evidence_id: self.evidence_id,
            attestation_id: row.attestation_id.map(Id::new),
            reason,
        });
        Ok(self.evidence_id)
    }
}
