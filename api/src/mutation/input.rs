//! Inputs of the mutations, and what they mean as commands.

use app::commands;
use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use domain::{
    evidence::{Content, Submission, Target},
    expression::Value,
    id::Id,
    venture::ProfileChange,
};
use uuid::Uuid;

use crate::global_id::{Kind, expect};

/// Input of `createPortfolio`.
#[derive(InputObject)]
pub(crate) struct CreatePortfolioInput {
    /// 2 to 40 characters of a-z, 0-9 and `-`, starting with a letter; unique.
    pub(crate) slug: String,
    /// 2 to 120 characters.
    pub(crate) name: String,
    /// IANA time zone that new ventures get, such as `Europe/Vienna`.
    #[graphql(default = "UTC")]
    pub(crate) zone: String,
    /// ISO 4217 currency that new ventures get.
    #[graphql(default = "EUR")]
    pub(crate) currency: String,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `createVenture`.
#[derive(InputObject)]
pub(crate) struct CreateVentureInput {
    /// The portfolio; may be left out by a member of just one.
    pub(crate) portfolio_id: Option<ID>,
    /// 3 to 120 characters.
    pub(crate) name: String,
    /// 20 to 2,000 characters.
    pub(crate) description: String,
    /// 2 to 60 characters; it may follow later.
    pub(crate) category: Option<String>,
    /// IANA time zone; the portfolio's when not given.
    pub(crate) zone: Option<String>,
    /// ISO 4217 currency; the portfolio's when not given.
    pub(crate) currency: Option<String>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `updateVenture`; what is not given stays as it is.
#[derive(InputObject)]
pub(crate) struct UpdateVentureInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// 3 to 120 characters.
    pub(crate) name: Option<String>,
    /// 20 to 2,000 characters.
    pub(crate) description: Option<String>,
    /// 2 to 60 characters; null takes the category away.
    pub(crate) category: MaybeUndefined<String>,
    /// IANA time zone.
    pub(crate) zone: Option<String>,
    /// ISO 4217 currency.
    pub(crate) currency: Option<String>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

impl UpdateVentureInput {
    pub(crate) fn command(self, venture: Uuid) -> commands::UpdateVenture {
        let category = match self.category {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(category) => Some(Some(category)),
        };
        commands::UpdateVenture {
            venture_id: Id::new(venture),
            expected_version: self.expected_version,
            change: ProfileChange {
                name: self.name,
                description: self.description,
                category,
                zone: self.zone,
                currency: self.currency,
            },
        }
    }
}

/// What is attested: exactly one of these.
#[derive(OneofObject)]
pub(crate) enum AttestTargetInput {
    /// A done-when label, by key.
    DoneWhen(String),
    /// A criterion of a gate.
    Criterion(CriterionInput),
    /// A fact, with its value.
    Fact(FactInput),
}

/// A criterion of a gate.
#[derive(InputObject)]
pub(crate) struct CriterionInput {
    /// Key of the gate.
    pub(crate) gate: String,
    /// Key of the criterion.
    pub(crate) criterion: String,
}

/// A fact with its value.
#[derive(InputObject)]
pub(crate) struct FactInput {
    /// Its name, such as `metric.readiness_score`.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: FactValueInput,
}

/// The value of a fact: exactly one of these, as the fact's type says.
#[derive(OneofObject)]
pub(crate) enum FactValueInput {
    /// A number, whole where the fact's type is `int`.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Whole numbers.
    Integers(Vec<i64>),
}

/// A piece of evidence.
#[derive(InputObject)]
pub(crate) struct EvidenceInput {
    /// 1 to 200 characters.
    pub(crate) title: String,
    /// What it is.
    pub(crate) content: EvidenceContentInput,
}

/// What a piece of evidence is: exactly one of these.
#[derive(OneofObject)]
pub(crate) enum EvidenceContentInput {
    /// An `http` or `https` link of at most 2,048 characters.
    Link(String),
    /// A text of at most 10,000 characters.
    Text(String),
    /// A file uploaded before with `POST /files`.
    FileId(ID),
}

/// Input of `attest`.
#[derive(InputObject)]
pub(crate) struct AttestInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// What is attested, of the venture's current stage.
    pub(crate) target: AttestTargetInput,
    /// A remark of at most 2,000 characters.
    pub(crate) note: Option<String>,
    /// What supports it, at most 20 pieces together with those that are cited.
    pub(crate) evidence: Vec<EvidenceInput>,
    /// What was submitted before with `submitEvidence`, in the same stage run, and supports it too.
    pub(crate) evidence_ids: Option<Vec<ID>>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

impl AttestInput {
    pub(crate) fn command(self, venture: Uuid) -> async_graphql::Result<commands::Attest> {
        let (target, value) = match self.target {
            AttestTargetInput::DoneWhen(key) => (Target::DoneWhen(key), None),
            AttestTargetInput::Criterion(CriterionInput { gate, criterion }) => {
                (Target::Criterion { gate, criterion }, None)
            }
            AttestTargetInput::Fact(FactInput { name, value }) => (Target::Fact(name), Some(value.into())),
        };
        let evidence = self.evidence.into_iter().map(EvidenceInput::submission);
        let cited = self.evidence_ids.unwrap_or_default();
        let cited = cited.iter().map(|id| expect(Kind::Evidence, id).map(Id::new));
        Ok(commands::Attest {
            venture_id: Id::new(venture),
            expected_version: self.expected_version,
            target,
            value,
            note: self.note,
            evidence: evidence.collect::<async_graphql::Result<_>>()?,
            cited: cited.collect::<async_graphql::Result<_>>()?,
        })
    }
}

/// Input of `submitEvidence`.
#[derive(InputObject)]
pub(crate) struct SubmitEvidenceInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// The evidence.
    pub(crate) evidence: EvidenceInput,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

impl SubmitEvidenceInput {
    pub(crate) fn command(self, venture: Uuid) -> async_graphql::Result<commands::SubmitEvidence> {
        Ok(commands::SubmitEvidence {
            venture_id: Id::new(venture),
            expected_version: self.expected_version,
            evidence: self.evidence.submission()?,
        })
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
            EvidenceContentInput::FileId(id) => Content::File(Id::new(expect(Kind::File, &id)?)),
        };
        Ok(Submission { title: self.title, content })
    }
}

/// Input of `withdrawEvidence`.
#[derive(InputObject)]
pub(crate) struct WithdrawEvidenceInput {
    /// The evidence.
    pub(crate) evidence_id: ID,
    /// Why: 3 to 500 characters.
    pub(crate) reason: String,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `requestGateValidation`.
#[derive(InputObject)]
pub(crate) struct RequestGateValidationInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// Key of a gate of the venture's current stage.
    pub(crate) gate: String,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `advanceVenture`.
#[derive(InputObject)]
pub(crate) struct AdvanceVentureInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `pauseVenture`.
#[derive(InputObject)]
pub(crate) struct PauseVentureInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// Why: 3 to 500 characters.
    pub(crate) reason: String,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `resumeVenture`.
#[derive(InputObject)]
pub(crate) struct ResumeVentureInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `killVenture`.
#[derive(InputObject)]
pub(crate) struct KillVentureInput {
    /// The venture.
    pub(crate) venture_id: ID,
    /// The version the caller saw: refused when the venture has changed since.
    pub(crate) expected_version: Option<i64>,
    /// Why: 3 to 500 characters.
    pub(crate) reason: String,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `cancelJob`.
#[derive(InputObject)]
pub(crate) struct CancelJobInput {
    /// The job.
    pub(crate) job_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}

/// Input of `replayDeadLetter`.
#[derive(InputObject)]
pub(crate) struct ReplayDeadLetterInput {
    /// The message.
    pub(crate) dead_letter_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    pub(crate) idempotency_key: Option<String>,
}
