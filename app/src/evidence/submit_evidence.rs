//! `submit_evidence`: evidence is put on record without attesting anything, to be cited by who does.

use async_trait::async_trait;
use domain::{
    Refusal, RootId,
    evidence::{MAX_PER_RUN, Submission},
    id::{Id, kind},
    refusal::Code,
    stage_run::StageRun,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{attest::require_files, store};
use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

/// Keeps evidence for a venture's open stage run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubmitEvidence {
    /// The venture or the portfolio to whose current stage run it is submitted.
    #[serde(flatten)]
    pub root: RootId,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// The evidence.
    pub evidence: Submission,
}

/// Evidence was submitted without an attestation. Attestations of the stage run can cite it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EvidenceSubmitted {
    /// The piece of evidence.
    pub evidence_id: Id<kind::Evidence>,
    /// The stage run.
    pub stage_run_id: Id<StageRun>,
    /// Its title.
    pub title: String,
}

impl Event for EvidenceSubmitted {
    const KIND: &'static str = "evidence.submitted.v1";
}

#[async_trait]
impl Command for SubmitEvidence {
    const NAME: &'static str = "submit_evidence";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<EvidenceSubmitted>()];
    const ACTS_ON: Option<Kind> = Some(Kind::StageRun);
    type Output = Id<kind::Evidence>;

    fn target(&self) -> Target {
        Target::root(self.root).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let run = cx.find_stage_run().await?.clone();
        let piece = self.evidence.checked().map_err(|refusal| refusal.under("evidence"))?;
        require_files(cx, run.portfolio_id, std::slice::from_ref(&piece)).await?;
        if store::count_submitted(cx.tx(), run.id).await? >= MAX_PER_RUN {
            let message =
                format!("a stage run has at most {MAX_PER_RUN} pieces of evidence that attest nothing");
            return Err(Refusal::new(Code::LimitReached, message).into());
        }
        let id = cx.id();
        let from = store::Origin { run: &run, by: person, at: cx.now(), attestation: None };
        cx.write(store::submit(&from, id, &piece));
        cx.emit(EvidenceSubmitted { evidence_id: id, stage_run_id: run.id, title: piece.title });
        Ok(id)
    }
}
