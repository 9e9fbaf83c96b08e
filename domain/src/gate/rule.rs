//! Criteria that a rule over facts decides. Evaluation itself is `expression`'s.

use super::{
    Action, CriterionResult, Input, Reason, ReasonCode, Remedy, Verdict, any_of, distinct, enough, pieces,
};
use crate::expression::{Change, Expression, Gap, GapKind, Observation, Outcome, Source};
use crate::playbook::Criterion;
use crate::role::Role;

/// A criterion with a rule, taken apart.
pub(super) struct Rule<'a> {
    pub criterion: &'a Criterion,
    pub expression: &'a Expression,
    /// Who may attest the facts that people supply.
    pub roles: &'a [Role],
    /// Pieces of evidence for each of those.
    pub evidence: u32,
}

impl Rule<'_> {
    pub(super) fn decide(&self, input: &Input<'_>) -> (CriterionResult, Vec<Remedy>) {
        let (verdict, reason, remedies) = self.verdict(input);
        let seen: Vec<(&String, &Observation)> = self.observations(input).collect();
        let oldest = seen.iter().map(|(_, observation)| observation.observed_at).min();
        let shown: Vec<_> = seen.iter().map(|(name, o)| format!("{name} = {}", o.value)).collect();
        let result = CriterionResult {
            key: self.criterion.key.clone(),
            label: self.criterion.label.clone(),
            verdict,
            looked_at: self.expression.facts_used().iter().cloned().collect(),
            seen: if shown.is_empty() { None } else { Some(shown.join(", ")) },
            wanted: self.expression.source().to_owned(),
            observed_at: oldest,
            age_seconds: oldest.map(|oldest| (input.now - oldest).num_seconds()),
            evidence: distinct(seen.iter().flat_map(|(_, observation)| &observation.evidence)),
            reason,
        };
        (result, remedies)
    }

    fn observations<'i>(&self, input: &Input<'i>) -> impl Iterator<Item = (&String, &'i Observation)> {
        let facts = input.facts;
        self.expression.facts_used().iter().filter_map(move |name| Some((name, facts.get(name)?)))
    }

    fn verdict(&self, input: &Input<'_>) -> (Verdict, Option<Reason>, Vec<Remedy>) {
        let mut reasons = Vec::new();
        let mut remedies = Vec::new();
        for gap in self.expression.gaps(input.facts, input.declared, input.now) {
            remedies.extend(self.provide(&gap, input));
            reasons.push(Reason::new(code(gap.kind), gap.text));
        }
        for (name, reason) in self.unsupported(input) {
            if !remedies.iter().any(|remedy: &Remedy| remedy.fact.as_deref() == Some(name)) {
                remedies.push(self.remedy_for_fact(name, input));
                reasons.push(reason);
            }
        }
        if let Some(reason) = joined(reasons) {
            return (Verdict::Inconclusive, Some(reason), remedies);
        }
        match self.expression.evaluate(input.facts, input.declared, input.now) {
            Outcome::True => (Verdict::Pass, None, Vec::new()),
            Outcome::False => {
                let changes = self.expression.least(input.facts);
                let text = changes.iter().map(sentence).collect::<Vec<_>>().join("; ");
                let remedies = changes.into_iter().map(|change| self.change(change)).collect();
                (Verdict::Fail, Some(Reason::new(ReasonCode::RuleNotMet, text)), remedies)
            }
            Outcome::Inconclusive(gap) => {
                let text = format!("{} cannot be evaluated: {}", self.expression.source(), gap.text);
                let remedies =
                    self.expression.facts_used().iter().map(|name| self.remedy_for_fact(name, input));
                (Verdict::Inconclusive, Some(Reason::new(code(gap.kind), text)), remedies.collect())
            }
        }
    }

    /// Attested facts that nobody in a role of this criterion supports, or with too little evidence.
    fn unsupported<'s>(&'s self, input: &Input<'_>) -> Vec<(&'s str, Reason)> {
        let mut found = Vec::new();
        for (name, observation) in self.observations(input).filter(|(name, _)| is_attested(name, input)) {
            if !observation.by_role.as_ref().is_some_and(|role| self.roles.contains(role)) {
                let text = format!("{name} was not attested by {}", any_of(self.roles));
                found.push((name.as_str(), Reason::new(ReasonCode::NotAttested, text)));
            } else if !enough(&observation.evidence, self.evidence) {
                let standing = distinct(&observation.evidence).len();
                let text = format!("{name}: {standing} of {} stand", pieces(self.evidence));
                found.push((name.as_str(), Reason::new(ReasonCode::EvidenceMissing, text)));
            }
        }
        found
    }

    fn provide(&self, gap: &Gap, input: &Input<'_>) -> Option<Remedy> {
        gap.fact.as_ref().map(|fact| self.remedy_for_fact(fact, input))
    }

    fn remedy_for_fact(&self, fact: &str, input: &Input<'_>) -> Remedy {
        let (roles, text) = if is_attested(fact, input) {
            let text = format!("{} attests {fact} with {}", any_of(self.roles), pieces(self.evidence));
            (self.roles.to_vec(), text)
        } else {
            (Vec::new(), format!("{fact} is provided"))
        };
        let criterion = self.criterion.key.clone();
        Remedy { criterion, action: Action::Provide, roles, fact: Some(fact.to_owned()), text }
    }

    fn change(&self, change: Change) -> Remedy {
        Remedy {
            criterion: self.criterion.key.clone(),
            action: Action::Change,
            roles: self.roles.to_vec(),
            text: sentence(&change),
            fact: Some(change.fact),
        }
    }
}

fn is_attested(fact: &str, input: &Input<'_>) -> bool {
    input.declared.get(fact).is_some_and(|declaration| declaration.source == Source::Attested)
}

fn code(kind: GapKind) -> ReasonCode {
    match kind {
        GapKind::NoData => ReasonCode::NoData,
        GapKind::Stale => ReasonCode::Stale,
        GapKind::NotMeasurable => ReasonCode::NotMeasurable,
    }
}

/// The first reason's code, with the texts of all.
fn joined(reasons: Vec<Reason>) -> Option<Reason> {
    let code = reasons.first()?.code;
    let texts: Vec<_> = reasons.into_iter().map(|reason| reason.text).collect();
    Some(Reason::new(code, texts.join("; ")))
}

fn sentence(change: &Change) -> String {
    let Change { fact, operator, wanted, seen } = change;
    let seen = seen.as_ref().map(|seen| format!("; it is {seen}")).unwrap_or_default();
    format!("{fact} {operator} {wanted} is wanted{seen}")
}
