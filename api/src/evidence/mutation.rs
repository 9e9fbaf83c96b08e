//! Mutations of attestations and evidence.

use app::{Command, commands};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use domain::{
    evidence::{Content, Submission, Target},
    expression::Value,
    id::{Id, kind},
};

use super::{Attestation, Evidence};
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, Seen, change},
    global_id::{Kind, id_of},
    root::RootInput,
    session::session,
    venture::Venture,
};

/// Target of an attestation. Exactly one field is given.
#[derive(OneofObject)]
pub(crate) enum AttestTargetInput {
    /// Key of a done-when label.
    DoneWhen(String),
    /// A criterion of a gate.
    Criterion(CriterionInput),
    /// A fact with its value.
    Fact(FactInput),
}

/// A criterion of a gate.
#[derive(InputObject)]
pub(crate) struct CriterionInput {
    /// Key of the gate.
    gate: String,
    /// Key of the criterion.
    criterion: String,
}

/// A fact with its value.
#[derive(InputObject)]
pub(crate) struct FactInput {
    /// Name of the fact, such as `metric.readiness_score`.
    name: String,
    /// Value of the fact.
    value: FactValueInput,
}

/// Value of a fact. Exactly one field is given, as the type of the fact requires.
#[derive(OneofObject)]
pub(crate) enum FactValueInput {
    /// A number. For a fact of the type `int` it must be whole.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A list of whole numbers.
    Integers(Vec<i64>),
}

/// A new piece of evidence.
#[derive(InputObject)]
pub(crate) struct EvidenceInput {
    /// Title, 1 to 200 characters.
    title: String,
    /// Content.
    content: EvidenceContentInput,
}

/// Content of a piece of evidence. Exactly one field is given.
#[derive(OneofObject)]
pub(crate) enum EvidenceContentInput {
    /// An `http` or `https` link without credentials, at most 2,048 characters.
    Link(String),
    /// A text, 1 to 10,000 characters.
    Text(String),
    /// Global id of a file that was uploaded with `POST /files`.
    FileId(ID),
}

impl AttestTargetInput {
    /// The target, and the value when it is a fact.
    fn split(self) -> (Target, Option<Value>) {
        match self {
            Self::DoneWhen(key) => (Target::DoneWhen(key), None),
            Self::Criterion(CriterionInput { gate, criterion }) => {
                (Target::Criterion { gate, criterion }, None)
            }
            Self::Fact(FactInput { name, value }) => (Target::Fact(name), Some(value.into())),
        }
    }
}

impl From<FactValueInput> for Value {
    fn from(value: FactValueInput) -> Self {
        match value {
            FactValueInput::Number(number) => Self::Double(number),
            FactValueInput::Text(text) => Self::String(text),
            FactValueInput::Flag(flag) => Self::Bool(flag),
            FactValueInput::Integers(list) => Self::IntList(list),
        }
    }
}

impl EvidenceInput {
    fn submission(self) -> async_graphql::Result<Submission> {
        let content = match self.content {
            EvidenceContentInput::Link(link) => Content::Link(link),
            EvidenceContentInput::Text(text) => Content::Text(text),
            EvidenceContentInput::FileId(id) => Content::File(id_of(Kind::File, &id)?),
        };
        Ok(Submission { title: self.title, content })
    }
}

/// Input of `attest`.
#[derive(InputObject)]
pub(crate) struct Attest {
    #[graphql(flatten)]
    root: RootInput,
    #[graphql(flatten)]
    seen: Seen,
    /// Target of the attestation, in the current stage run.
    target: AttestTargetInput,
    /// Remark, at most 2,000 characters.
    note: Option<String>,
    /// New evidence. At most 20 pieces together with `evidenceIds`.
    evidence: Vec<EvidenceInput>,
    /// Global ids of evidence that was submitted with `submitEvidence` in the same stage run.
    evidence_ids: Option<Vec<ID>>,
}

impl Input for Attest {
    type Command = commands::Attest;
    type Payload = AttestAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::Attest, NotRun> {
        let root = self.root.root()?;
        let (target, value) = self.target.split();
        let evidence = self.evidence.into_iter().map(EvidenceInput::submission);
        let cited = self.evidence_ids.unwrap_or_default();
        let cited = cited.iter().map(|id| id_of(Kind::Evidence, id));
        Ok(commands::Attest {
            root,
            expected_version: self.seen.expected_version,
            target,
            value,
            note: self.note,
            evidence: evidence.collect::<async_graphql::Result<_>>()?,
            cited: cited.collect::<async_graphql::Result<_>>()?,
        })
    }
}

/// What `attest` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct AttestAnswer {
    /// The attestation. Null when the mutation was refused.
    attestation: Option<Attestation>,
    /// The venture after the change. Null when the mutation was refused, and for a stage run of the portfolio.
    venture: Option<Venture>,
}

impl Payload<commands::Attest> for AttestAnswer {
    async fn read(
        ctx: &Context<'_>,
        command: &commands::Attest,
        id: Id<kind::Attestation>,
    ) -> async_graphql::Result<Self> {
        let session = session(ctx)?;
        let venture = match command.root.venture() {
            Some(id) => Some(session.get(id.uuid()).await?),
            None => None,
        };
        Ok(Self { attestation: Some(session.get(id.uuid()).await?), venture })
    }
}

/// Input of `submitEvidence`.
#[derive(InputObject)]
pub(crate) struct SubmitEvidence {
    #[graphql(flatten)]
    root: RootInput,
    #[graphql(flatten)]
    seen: Seen,
    /// The evidence.
    evidence: EvidenceInput,
}

impl Input for SubmitEvidence {
    type Command = commands::SubmitEvidence;
    type Payload = EvidenceAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::SubmitEvidence, NotRun> {
        Ok(commands::SubmitEvidence {
            root: self.root.root()?,
            expected_version: self.seen.expected_version,
            evidence: self.evidence.submission()?,
        })
    }
}

/// What `submitEvidence` and `withdrawEvidence` answer.
#[derive(SimpleObject, Default)]
pub(crate) struct EvidenceAnswer {
    /// The evidence after the change. Null when the mutation was refused.
    evidence: Option<Evidence>,
}

impl<C: Command<Output = Id<kind::Evidence>>> Payload<C> for EvidenceAnswer {
    async fn read(ctx: &Context<'_>, _: &C, id: Id<kind::Evidence>) -> async_graphql::Result<Self> {
        Ok(Self { evidence: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Input of `withdrawEvidence`.
#[derive(InputObject)]
pub(crate) struct WithdrawEvidence {
    /// Global id of the evidence.
    evidence_id: ID,
    /// Reason, 3 to 500 characters.
    reason: String,
}

impl Input for WithdrawEvidence {
    type Command = commands::WithdrawEvidence;
    type Payload = EvidenceAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::WithdrawEvidence, NotRun> {
        let evidence_id = id_of(Kind::Evidence, &self.evidence_id)?;
        Ok(commands::WithdrawEvidence { evidence_id, reason: self.reason })
    }
}

/// Mutations of attestations and evidence.
#[derive(Default)]
pub(crate) struct EvidenceMutation;

/// Mutations of attestations and evidence.
#[Object]
impl EvidenceMutation {
    /// Attests a label, a criterion or a fact of the current stage of a venture or a portfolio, with evidence. A newer attestation of the
    /// same target replaces the older one, which stays on record.
    async fn attest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture or portfolio, the target and the evidence.")] input: Keyed<Attest>,
    ) -> Changed<Attest> {
        change(ctx, input).await
    }

    /// Submits evidence for the current stage of a venture or a portfolio without attesting anything. `attest` can cite the evidence
    /// later.
    async fn submit_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture or portfolio, and the evidence.")] input: Keyed<SubmitEvidence>,
    ) -> Changed<SubmitEvidence> {
        change(ctx, input).await
    }

    /// Withdraws a piece of evidence. Withdrawn evidence no longer counts, and stays on record.
    async fn withdraw_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The evidence and the reason.")] input: Keyed<WithdrawEvidence>,
    ) -> Changed<WithdrawEvidence> {
        change(ctx, input).await
    }
}
