//! `attest`: a person puts their word, and evidence, behind a label, a criterion or a fact.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    Refusal, Role, RootId,
    evidence::{Attestation, Content, Demand, Submission, Target as About, checked_value},
    expression::Value,
    id::{Id, kind},
    refusal::Code,
    text,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
    store::corrupt,
};

/// Attests something of the current stage run of a venture or a portfolio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attest {
    /// The venture or the portfolio in whose current stage run it is attested.
    #[serde(flatten)]
    pub root: RootId,
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

/// A person attested a label, a criterion or a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AttestationGiven {
    /// The attestation.
    pub attestation_id: Id<kind::Attestation>,
    /// What was attested.
    pub target: About,
    /// The role in which the person attested it.
    pub by_role: Role,
    /// The evidence, submitted or cited.
    pub evidence_ids: Vec<Id<kind::Evidence>>,
}

impl Event for AttestationGiven {
    const KIND: &'static str = "attestation.given.v1";
}

#[async_trait]
impl Command for Attest {
    const NAME: &'static str = "attest";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<AttestationGiven>()];
    const ACTS_ON: Option<Kind> = Some(Kind::StageRun);
    type Output = Id<kind::Attestation>;

    fn target(&self) -> Target {
        Target::root(self.root).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let portfolio_id = cx.portfolio_id()?;
        let run = cx.find_stage_run().await?.clone();
        let playbook = cx.playbook(run.playbook_id).await?;
        let stage = playbook.stage(run.stage).ok_or_else(|| corrupt("a run of no stage"))?;
        let demand = Demand::of(&playbook, stage, &self.target)?;
        let by_role = demand.role_of(&cx.roles_for::<Self>().await?)?;
        let cited: BTreeSet<_> = self.cited.iter().copied().collect();
        demand.check_evidence(self.evidence.len() + cited.len())?;
        let value = checked_value(&playbook, &self.target, self.value.as_ref())?;
        let submissions = self.checked_evidence(cx, portfolio_id).await?;
        if !store::all_citable(cx.tx(), run.id, &cited).await? {
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
        store::insert(cx.tx(), &run, &attestation, &submissions).await?;
        cx.attestations_changed();
        cx.emit(AttestationGiven {
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
pub(crate) async fn require_files(
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
    if store::files_exist(cx.tx(), portfolio, &files).await? {
        return Ok(());
    }
    let message = "a file named as evidence was not uploaded to this portfolio";
    Err(Refusal::new(Code::InvalidInput, message).at("evidence").into())
}
