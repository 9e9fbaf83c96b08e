//! `submit_evidence`: evidence is put on record without attesting anything, to be cited by who does.

use async_trait::async_trait;
use domain::{
    Refusal,
    evidence::{MAX_PER_RUN, Submission},
    id::{Id, kind},
    refusal::Code,
    venture::Venture,
};
use serde::{Deserialize, Serialize};

use super::attest::require_files;
use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Keeps evidence for a venture's open stage run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubmitEvidence {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// The evidence.
    pub evidence: Submission,
}

#[async_trait]
impl Command for SubmitEvidence {
    const NAME: &'static str = "submit_evidence";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<kind::Evidence>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let venture = cx.venture()?;
        venture.require_active()?;
        let (portfolio, run) = (venture.portfolio_id, venture.stage_run_id);
        let piece = self.evidence.checked().map_err(|refusal| refusal.under("evidence"))?;
        require_files(cx, portfolio, std::slice::from_ref(&piece)).await?;
        if store::evidence::count_submitted(cx.tx(), run).await? >= MAX_PER_RUN {
            let message =
                format!("a stage run has at most {MAX_PER_RUN} pieces of evidence that attest nothing");
            return Err(Refusal::new(Code::LimitReached, message).into());
        }
        let id = cx.id();
        let from = store::evidence::Origin { portfolio, run, by: person, at: cx.now(), attestation: None };
        store::evidence::submit(cx.tx(), &from, id, &piece).await?;
        cx.emit(Event::EvidenceSubmitted { evidence_id: id, stage_run_id: run, title: piece.title });
        Ok(id)
    }
}
