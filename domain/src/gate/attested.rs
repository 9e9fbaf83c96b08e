//! Criteria that a person attests. Rules over facts are decided in `rule`.

use super::{
    Action, Attested, CriterionResult, Input, Reason, ReasonCode, Remedy, Verdict, any_of, distinct, enough,
    pieces,
};
use crate::playbook::Criterion;
use crate::role::Role;

/// The latest attestation that suffices counts; one in another role is none at all.
pub(super) fn decide(
    criterion: &Criterion,
    roles: &[Role],
    evidence: u32,
    input: &Input<'_>,
) -> (CriterionResult, Vec<Remedy>) {
    let wanted = format!("attested by {} with {}", any_of(roles), pieces(evidence));
    let ours =
        |attested: &&Attested| attested.criterion == criterion.key && roles.contains(&attested.by_role);
    let accepted = || input.attestations.iter().filter(ours);
    let sufficient = accepted().filter(|attested| enough(&attested.evidence, evidence)).max_by_key(|a| a.at);
    let attested = sufficient.or_else(|| accepted().max_by_key(|attested| attested.at));

    let reason = match (sufficient, attested) {
        (Some(_), _) => None,
        (None, Some(attested)) => {
            let standing = distinct(&attested.evidence).len();
            let text = format!("{standing} of {} stand", pieces(evidence));
            Some(Reason::new(ReasonCode::EvidenceMissing, text))
        }
        (None, None) => {
            Some(Reason::new(ReasonCode::NotAttested, format!("not attested by {}", any_of(roles))))
        }
    };
    let remedies = reason.iter().map(|_| Remedy {
        criterion: criterion.key.clone(),
        action: Action::Attest,
        roles: roles.to_vec(),
        fact: None,
        text: format!("{} attests \"{}\" with {}", any_of(roles), criterion.label, pieces(evidence)),
    });
    let remedies = remedies.collect();
    let result = CriterionResult {
        key: criterion.key.clone(),
        label: criterion.label.clone(),
        verdict: if reason.is_none() { Verdict::Pass } else { Verdict::Inconclusive },
        looked_at: Vec::new(),
        seen: attested.map(|a| {
            let standing = u32::try_from(distinct(&a.evidence).len()).unwrap_or(u32::MAX);
            format!("attested by {} with {}", a.by_role, pieces(standing))
        }),
        wanted,
        observed_at: attested.map(|attested| attested.at),
        age_seconds: attested.map(|attested| (input.now - attested.at).num_seconds()),
        evidence: attested.map(|attested| distinct(&attested.evidence)).unwrap_or_default(),
        reason,
    };
    (result, remedies)
}
