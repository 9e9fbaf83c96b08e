//! What a gate run found: the result of each criterion, and what would help.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::gate;

use super::Verdict;
use crate::{cost::list_size, evidence::Evidence, session::session};

/// The result of one criterion.
pub(crate) struct CriterionResult(pub(super) gate::CriterionResult);

/// Kind of reason why a criterion does not pass.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "gate::ReasonCode")]
pub(crate) enum CriterionReasonCode {
    /// No person in one of the criterion's roles has attested it.
    NotAttested,
    /// The criterion is attested, but with less evidence than its minimum.
    EvidenceMissing,
    /// A fact of the rule has no value.
    NoData,
    /// The value of a fact is too old.
    Stale,
    /// A fact, or the calculation with it, has no usable value.
    NotMeasurable,
    /// All facts are known, and the rule is false.
    RuleNotMet,
}

/// Reason why a criterion does not pass.
#[derive(SimpleObject)]
pub(crate) struct CriterionReason {
    /// Kind of reason, for programs.
    code: CriterionReasonCode,
    /// The reason in words, for a person.
    text: String,
}

/// Kind of action that makes a criterion pass.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "gate::Action")]
pub(crate) enum RemedyAction {
    /// Attest the criterion with `attest`, with evidence.
    Attest,
    /// Supply the value of the fact, by attesting it with `attest` or by measuring it.
    Provide,
    /// Change what the fact measures, until the rule holds.
    Change,
}

/// One action that makes a criterion pass.
#[derive(SimpleObject)]
pub(crate) struct Remedy {
    /// Key of the criterion.
    criterion: String,
    /// Kind of action.
    action: RemedyAction,
    /// Roles whose holders can take the action. Empty when no single person can.
    roles: Vec<String>,
    /// Name of the fact that the action is about. Null when the criterion itself must be attested.
    fact: Option<String>,
    /// The action in words, for a person.
    text: String,
}

impl From<gate::Remedy> for Remedy {
    fn from(remedy: gate::Remedy) -> Self {
        Self {
            criterion: remedy.criterion,
            action: remedy.action.into(),
            roles: remedy.roles.iter().map(ToString::to_string).collect(),
            fact: remedy.fact,
            text: remedy.text,
        }
    }
}

/// Result of one criterion in a gate run.
#[Object]
impl CriterionResult {
    /// Key of the criterion.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Text of the criterion.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// Verdict of the criterion.
    async fn verdict(&self) -> Verdict {
        self.0.verdict.into()
    }

    /// Names of the facts that the rule read. Empty when a person attests the criterion.
    async fn looked_at(&self) -> &[String] {
        &self.0.looked_at
    }

    /// What was found, in words. Null when nothing was found.
    async fn seen(&self) -> Option<&str> {
        self.0.seen.as_deref()
    }

    /// What must be found, in words.
    async fn wanted(&self) -> &str {
        &self.0.wanted
    }

    /// Time at which the oldest value that was found was observed. Null when nothing was found.
    async fn observed_at(&self) -> Option<DateTime<Utc>> {
        self.0.observed_at
    }

    /// Age of that value at the time of the decision, in seconds. Null when nothing was found.
    async fn age_seconds(&self) -> Option<i64> {
        self.0.age_seconds
    }

    /// Evidence that the result rests on.
    #[graphql(directive = list_size::apply(2))]
    async fn evidence(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Evidence>> {
        session(ctx)?.find_many(&self.0.evidence).await
    }

    /// Why the criterion does not pass. Null when the verdict is PASS.
    async fn reason(&self) -> Option<CriterionReason> {
        let reason = self.0.reason.as_ref()?;
        Some(CriterionReason { code: reason.code.into(), text: reason.text.clone() })
    }
}
