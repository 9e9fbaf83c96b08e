//! `attest`: a person puts their word, and evidence, behind a label, a criterion or a fact.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    Refusal,
    evidence::{Attestation, Content, Demand, Submission, Target as About, checked_value},
    expression::Value,
    id::{Id, kind},
    refusal::Code,
    text,
    venture::Venture,
};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Attests something of a venture's current stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attest {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// What is attested.
    pub target: About,
    /// Its value, for a fact.
    pub value: Option<Value>,
    /// A remark of at most 2,000 characters.
    pub note: Option<String>,
    /// What supports it.
    pub evidence: Vec<Submission>,
    /// What was submitted before, by itself, and supports it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<Id<kind::Evidence>>,
}

#[async_trait]
impl Command for Attest {
    const NAME: &'static str = "attest";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<kind::Attestation>;

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
        let stage = playbook.stage(run.stage).ok_or_else(|| store::corrupt("a run of no stage"))?;
        let demand = Demand::of(&playbook, stage, &self.target)?;
        let by_role = demand.role_of(cx.actor().roles_in(portfolio_id))?;
        let cited: BTreeSet<_> = self.cited.iter().copied().collect();
        demand.check_evidence(self.evidence.len() + cited.len())?;
        let value = checked_value(&playbook, &self.target, self.value.as_ref())?;
        let submissions = self.checked_evidence(cx, portfolio_id).await?;
        if !store::evidence::all_citable(cx.tx(), run.id, &cited).await? {
            let message =
                "evidence that is cited was submitted by itself in this stage run and not withdrawn";
            return Err(Refusal::new(Code::EvidenceNotCitable, message).at("evidenceIds").into());
        }
        let attestation = Attestation {
            id: cx.id(),
            stage_run_id: run.id,
            target: self.target.clone(),
            value,
            by_role: by_role.clone(),
            by: person,
            note: self.note.as_deref().map(|note| text::prose("note", note, 1, 2_000)).transpose()?,
            at: cx.now(),
            evidence: submissions.iter().map(|_| cx.id()).chain(cited).collect(),
        };
        store::evidence::insert(cx.tx(), portfolio_id, &attestation, &submissions).await?;
        cx.emit(Event::AttestationGiven {
            attestation_id: attestation.id,
            target: self.target.clone(),
            by_role,
            evidence_ids: attestation.evidence,
        });
        Ok(attestation.id)
    }
}

impl Attest {
    async fn checked_evidence(
        &self,
        cx: &Context<'_>,
        portfolio: Id<kind::Portfolio>,
    ) -> Result<Vec<Submission>, Error> {
        let numbered = self.evidence.iter().enumerate();
        let checked = numbered
            .map(|(n, piece)| piece.checked().map_err(|refusal| refusal.under(&format!("evidence.{n}"))))
            .collect::<Result<Vec<_>, _>>()?;
        require_files(cx, portfolio, &checked).await?;
        Ok(checked)
    }
}

/// Refuses evidence that names a file which is not there.
pub(super) async fn require_files(
    cx: &Context<'_>,
    portfolio: Id<kind::Portfolio>,
    pieces: &[Submission],
) -> Result<(), Error> {
    let files: Vec<_> = pieces
        .iter()
        .filter_map(|piece| match piece.content {
            Content::File(id) => Some(id),
            Content::Link(_) | Content::Text(_) => None,
        })
        .collect();
    if store::evidence::files_exist(cx.tx(), portfolio, &files).await? {
        return Ok(());
    }
    let message = "a file named as evidence was not uploaded to this portfolio";
    Err(Refusal::new(Code::InvalidInput, message).at("evidence").into())
}
