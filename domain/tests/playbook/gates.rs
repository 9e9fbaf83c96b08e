//! Gate decisions, on the built-in playbook.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::expression::{Facts, Observation, Source, Value};
use domain::gate::{Action, Attested, CriterionResult, Decision, Input, ReasonCode, Verdict, decide};
use domain::playbook::{FailureAction, Gate, Stage, Test};
use domain::role::Role;
use uuid::Uuid;

use super::fixture::built_in;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn role(key: &str) -> Role {
    Role::parse(key).unwrap()
}

fn proof(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn gate(stage: u32, key: &str) -> &'static Gate {
    built_in().stage(stage).unwrap().gate(key).unwrap()
}

/// A fact as its own source would supply it, attested in `by`.
fn observed(name: &str, value: Value, by: Option<&Role>) -> Observation {
    let attested = built_in().facts[name].source == Source::Attested;
    Observation {
        value,
        observed_at: now() - TimeDelta::minutes(5),
        source: "test".to_owned(),
        by_role: by.filter(|_| attested).cloned(),
        evidence: if attested { vec![proof(1)] } else { Vec::new() },
    }
}

fn attested(criterion: &str, by: &Role) -> Attested {
    Attested { criterion: criterion.to_owned(), by_role: by.clone(), at: now(), evidence: vec![proof(2)] }
}

/// Attestations for every attested criterion of a gate, each in the first of its roles.
fn all_attested(gate: &Gate) -> Vec<Attested> {
    let attestable = gate.criteria.iter().filter(|criterion| matches!(criterion.test, Test::Attested { .. }));
    attestable.map(|criterion| attested(&criterion.key, &criterion.roles()[0])).collect()
}

/// Values with which every rule of the built-in playbook holds.
fn passing() -> Vec<(&'static str, Value)> {
    let text = |text: &str| Value::String(text.to_owned());
    vec![
        ("venture.name", text("Lantern")),
        ("venture.description", text("Lamps that last for a hundred years.")),
        ("venture.category", text("hardware")),
        ("stages.completed", Value::IntList((1..=40).collect())),
        ("stage_run.done_when_open", Value::Int(0)),
        ("portfolio.active_ventures", Value::Int(2)),
        ("technical_plan.status", text("approved")),
        ("metric.resource_allocation", Value::Double(100.0)),
        ("market_strategy.status", text("approved")),
        ("market_strategy.has_value_proposition", Value::Bool(true)),
        ("metric.readiness_score", Value::Double(90.0)),
        ("metric.infrastructure_stability", Value::Double(99.5)),
        ("metric.roles_filled", Value::Double(100.0)),
        ("metric.backlog_sprints", Value::Int(3)),
        ("metric.team_velocity", Value::Double(20.0)),
        ("metric.validated_segments", Value::Int(1)),
        ("metric.gtm_agent_answer_seconds", Value::Double(5.0)),
        ("metric.campaigns_configured", Value::Int(1)),
        ("metric.workflows_active_and_tested", Value::Int(1)),
        ("metric.production_uptime_7d", Value::Double(99.5)),
        ("metric.users_acquired", Value::Int(100)),
        ("metric.launch_uptime_72h", Value::Double(95.0)),
        ("metric.launch_uptime_7d", Value::Double(95.0)),
        ("metric.users_onboarded_7d", Value::Int(500)),
        ("metric.gtm_user_target", Value::Int(500)),
        ("metric.primary_metrics_live", Value::Int(3)),
        ("metric.metrics_history_days", Value::Int(7)),
        ("metric.initiatives_launched", Value::Int(3)),
        ("metric.value_captured", Value::Int(10_000)),
        ("metric.hours_captured", Value::Double(0.0)),
        ("metric.revenue_change", Value::Double(10.0)),
        ("metric.cost_change", Value::Double(0.0)),
        ("metric.duplicate_effort_change", Value::Double(-20.0)),
        ("metric.conflicts_identified", Value::Int(5)),
        ("metric.conflicts_resolved", Value::Int(4)),
    ]
}

/// Every fact a gate reads at its passing value, in a role its criterion accepts.
fn passing_facts(gate: &Gate) -> Facts {
    let mut facts = Facts::new();
    for criterion in &gate.criteria {
        let Test::Rule { expression, roles, .. } = &criterion.test else { continue };
        for (name, value) in passing().into_iter().filter(|(name, _)| expression.facts_used().contains(*name))
        {
            facts.insert(name.to_owned(), observed(name, value, roles.first()));
        }
    }
    facts
}

fn decided(gate: &Gate, facts: &Facts, attestations: &[Attested]) -> Decision {
    decide(gate, &Input { facts, attestations, now: now(), declared: &built_in().facts })
}

fn criterion<'d>(decision: &'d Decision, key: &str) -> &'d CriterionResult {
    decision.criteria.iter().find(|result| result.key == key).unwrap()
}

fn code(result: &CriterionResult) -> Option<ReasonCode> {
    result.reason.as_ref().map(|reason| reason.code)
}

/// Every gate with its stage.
fn gates() -> impl Iterator<Item = (&'static Stage, &'static Gate)> {
    built_in().stages.iter().flat_map(|stage| stage.gates().map(move |gate| (stage, gate)))
}

#[test]
fn no_gate_passes_on_nothing_and_each_says_what_it_needs() {
    for (stage, gate) in gates() {
        let decision = decided(gate, &Facts::new(), &[]);
        assert_eq!(decision.verdict, Verdict::Inconclusive, "{} {}", stage.number, gate.key);
        assert_eq!(decision.failure, None);
        let helped: BTreeSet<_> = decision.least.iter().map(|remedy| remedy.criterion.as_str()).collect();
        let all: BTreeSet<_> = gate.criteria.iter().map(|criterion| criterion.key.as_str()).collect();
        assert_eq!(helped, all, "{} {}", stage.number, gate.key);
    }
}

#[test]
fn every_gate_passes_when_all_is_given() {
    for (stage, gate) in gates() {
        let decision = decided(gate, &passing_facts(gate), &all_attested(gate));
        assert_eq!(decision.verdict, Verdict::Pass, "{} {}: {decision:#?}", stage.number, gate.key);
        assert!(decision.least.is_empty() && decision.failure.is_none());
    }
}

#[test]
fn no_gate_passes_with_any_one_thing_missing() {
    for (stage, gate) in gates() {
        let (facts, attestations) = (passing_facts(gate), all_attested(gate));
        for name in facts.keys() {
            let mut fewer = facts.clone();
            fewer.remove(name);
            let decision = decided(gate, &fewer, &attestations);
            assert_eq!(
                decision.verdict,
                Verdict::Inconclusive,
                "{} {} without {name}",
                stage.number,
                gate.key
            );
        }
        for missing in 0..attestations.len() {
            let mut fewer = attestations.clone();
            let left_out = fewer.remove(missing);
            let decision = decided(gate, &facts, &fewer);
            assert_eq!(code(criterion(&decision, &left_out.criterion)), Some(ReasonCode::NotAttested));
            assert_eq!(decision.verdict, Verdict::Inconclusive, "{} {}", stage.number, gate.key);
        }
    }
}

#[test]
fn rules_hold_up_to_their_boundary() {
    let double = Value::Double;
    let text = |length: usize| Value::String("é".repeat(length));
    type Case<'a> = (u32, &'a str, &'a str, Vec<(&'a str, Value)>, Verdict);
    let cases: Vec<Case<'_>> = vec![
        (1, "title-validated", "title-length", vec![("venture.name", text(2))], Verdict::Fail),
        (1, "title-validated", "title-length", vec![("venture.name", text(3))], Verdict::Pass),
        (1, "title-validated", "title-length", vec![("venture.name", text(120))], Verdict::Pass),
        (1, "title-validated", "title-length", vec![("venture.name", text(121))], Verdict::Fail),
        (
            1,
            "description-validated",
            "description-length",
            vec![("venture.description", text(19))],
            Verdict::Fail,
        ),
        (
            1,
            "description-validated",
            "description-length",
            vec![("venture.description", text(2000))],
            Verdict::Pass,
        ),
        (1, "category-assigned", "category-set", vec![("venture.category", text(0))], Verdict::Fail),
        (
            7,
            "risks-evaluated",
            "stage-6-completed",
            vec![("stages.completed", Value::IntList(vec![5, 7]))],
            Verdict::Fail,
        ),
        (
            7,
            "resources-allocated",
            "labels-met",
            vec![("stage_run.done_when_open", Value::Int(1))],
            Verdict::Fail,
        ),
        (
            14,
            "environment-ready",
            "stability",
            vec![("metric.infrastructure_stability", double(99.5))],
            Verdict::Pass,
        ),
        (
            14,
            "environment-ready",
            "stability",
            vec![("metric.infrastructure_stability", double(99.49))],
            Verdict::Fail,
        ),
        (14, "environment-ready", "readiness", vec![("metric.readiness_score", double(89.9))], Verdict::Fail),
        (14, "team-assembled", "roles-filled", vec![("metric.roles_filled", double(99.9))], Verdict::Fail),
        (14, "first-sprint-planned", "velocity", vec![("metric.team_velocity", double(19.9))], Verdict::Fail),
        (
            17,
            "gtm-agent-deployed",
            "answers-in-time",
            vec![("metric.gtm_agent_answer_seconds", double(5.1))],
            Verdict::Fail,
        ),
        (
            31,
            "production-stable",
            "uptime",
            vec![("metric.production_uptime_7d", double(99.4))],
            Verdict::Fail,
        ),
        (31, "launch-executed", "users", vec![("metric.users_acquired", Value::Int(99))], Verdict::Fail),
        (
            31,
            "users-onboarded",
            "target-reached",
            vec![("metric.users_onboarded_7d", Value::Int(499))],
            Verdict::Fail,
        ),
        (
            39,
            "multiple-ventures-active",
            "active-ventures",
            vec![("portfolio.active_ventures", Value::Int(2))],
            Verdict::Pass,
        ),
        (
            39,
            "multiple-ventures-active",
            "active-ventures",
            vec![("portfolio.active_ventures", Value::Int(1))],
            Verdict::Fail,
        ),
        (
            39,
            "synergies-captured",
            "initiatives-launched",
            vec![("metric.initiatives_launched", Value::Int(2))],
            Verdict::Fail,
        ),
        (39, "synergies-captured", "value-logged", value(9_999, 99.0), Verdict::Fail),
        (39, "synergies-captured", "value-logged", value(10_000, 0.0), Verdict::Pass),
        (39, "synergies-captured", "value-logged", value(0, 100.0), Verdict::Pass),
        (39, "portfolio-optimized", "revenue-or-cost", change(9.9, -9.9), Verdict::Fail),
        (39, "portfolio-optimized", "revenue-or-cost", change(10.0, 5.0), Verdict::Pass),
        (39, "portfolio-optimized", "revenue-or-cost", change(-5.0, -10.0), Verdict::Pass),
        (
            39,
            "portfolio-optimized",
            "duplicate-effort",
            vec![("metric.duplicate_effort_change", double(-19.9))],
            Verdict::Fail,
        ),
        (39, "portfolio-optimized", "conflicts", conflicts(4, 5), Verdict::Pass),
        (39, "portfolio-optimized", "conflicts", conflicts(7, 9), Verdict::Fail),
    ];
    for (stage, key, of, values, expected) in cases {
        let gate = gate(stage, key);
        let mut facts = passing_facts(gate);
        for (name, value) in &values {
            facts.get_mut(*name).unwrap().value = value.clone();
        }
        let decision = decided(gate, &facts, &all_attested(gate));
        assert_eq!(criterion(&decision, of).verdict, expected, "stage {stage} {key} with {values:?}");
        assert_eq!(decision.verdict, expected, "stage {stage} {key} with {values:?}");
        assert_eq!(decision.least.is_empty(), expected == Verdict::Pass);
    }
}

fn value(dollars: i64, hours: f64) -> Vec<(&'static str, Value)> {
    vec![("metric.value_captured", Value::Int(dollars)), ("metric.hours_captured", Value::Double(hours))]
}

fn change(revenue: f64, cost: f64) -> Vec<(&'static str, Value)> {
    vec![("metric.revenue_change", Value::Double(revenue)), ("metric.cost_change", Value::Double(cost))]
}

fn conflicts(resolved: i64, identified: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("metric.conflicts_resolved", Value::Int(resolved)),
        ("metric.conflicts_identified", Value::Int(identified)),
    ]
}

#[test]
fn fail_beats_inconclusive_beats_pass() {
    let gate = gate(14, "environment-ready");
    let mut facts = passing_facts(gate);
    facts.get_mut("metric.infrastructure_stability").unwrap().value = Value::Double(99.0);
    assert_eq!(decided(gate, &facts, &[]).verdict, Verdict::Fail);
    assert!(Verdict::Fail > Verdict::Inconclusive && Verdict::Inconclusive > Verdict::Pass);
}

#[test]
fn a_failed_gate_carries_its_action_and_an_undecided_one_does_not() {
    let lead = Some(role("LEAD"));
    for (stage, key, fact, bad, action) in [
        (
            14,
            "technical-plan-approved",
            "technical_plan.status",
            Value::String("draft".to_owned()),
            escalate("EXEC"),
        ),
        (14, "resources-allocated", "metric.resource_allocation", Value::Double(99.9), escalate("CHAIRMAN")),
        (
            17,
            "market-strategy-defined",
            "market_strategy.has_value_proposition",
            Value::Bool(false),
            FailureAction::ReviewStage { stage: 16, role: lead },
        ),
        (
            17,
            "segments-identified",
            "metric.validated_segments",
            Value::Int(0),
            FailureAction::RecurseTo { stage: 11 },
        ),
    ] {
        let gate = gate(stage, key);
        let mut facts = passing_facts(gate);
        assert_eq!(decided(gate, &facts, &[]).failure, None, "{key}");
        facts.get_mut(fact).unwrap().value = bad;
        assert_eq!(decided(gate, &facts, &[]).failure, Some(action), "{key}");
    }
}

#[test]
fn every_gate_with_an_action_can_fail() {
    for (stage, gate) in gates().filter(|(_, gate)| gate.on_failure.is_some()) {
        let rules = gate.criteria.iter().filter(|criterion| matches!(criterion.test, Test::Rule { .. }));
        assert!(rules.count() > 0, "{} {}: attestations alone never fail", stage.number, gate.key);
    }
}

fn escalate(to: &str) -> FailureAction {
    FailureAction::Escalate { role: role(to) }
}

#[test]
fn an_attestation_needs_the_role_and_standing_evidence() {
    let gate = gate(14, "technical-plan-approved");
    let verdict = |attestations: &[Attested]| {
        let decision = decided(gate, &Facts::new(), attestations);
        let result = criterion(&decision, "plan-complete");
        (result.verdict, code(result))
    };
    let chairman = attested("plan-complete", &role("CHAIRMAN"));
    let withdrawn = Attested { evidence: vec![], at: now() + TimeDelta::seconds(1), ..chairman.clone() };
    let by_sales = attested("plan-complete", &role("SALES"));
    let elsewhere = attested("plan-approved", &role("EXEC"));
    assert_eq!(verdict(&[elsewhere]), (Verdict::Inconclusive, Some(ReasonCode::NotAttested)));
    assert_eq!(verdict(&[by_sales]), (Verdict::Inconclusive, Some(ReasonCode::NotAttested)));
    assert_eq!(
        verdict(std::slice::from_ref(&withdrawn)),
        (Verdict::Inconclusive, Some(ReasonCode::EvidenceMissing))
    );
    assert_eq!(verdict(std::slice::from_ref(&chairman)), (Verdict::Pass, None));
    assert_eq!(verdict(&[chairman, withdrawn]), (Verdict::Pass, None));
}

#[test]
fn the_same_piece_twice_is_one_piece_of_evidence() {
    let mut gate = gate(2, "validation-passed").clone();
    gate.criteria[0].test = Test::Attested { roles: vec![role("LEAD")], evidence: 2 };
    for (evidence, expected) in
        [(vec![proof(1), proof(1)], Verdict::Inconclusive), (vec![proof(1), proof(2)], Verdict::Pass)]
    {
        let by_lead = Attested { evidence, ..attested(&gate.criteria[0].key, &role("LEAD")) };
        assert_eq!(decided(&gate, &Facts::new(), &[by_lead]).verdict, expected);
    }
}

#[test]
fn an_attested_fact_needs_role_evidence_and_freshness() {
    let gate = gate(14, "environment-ready");
    let with = |change: fn(&mut Observation)| {
        let mut facts = passing_facts(gate);
        change(facts.get_mut("metric.infrastructure_stability").unwrap());
        let decision = decided(gate, &facts, &all_attested(gate));
        let result = criterion(&decision, "stability");
        (decision.verdict, code(result))
    };
    let open = |code| (Verdict::Inconclusive, Some(code));
    assert_eq!(with(|_| ()), (Verdict::Pass, None));
    assert_eq!(with(|seen| seen.evidence.clear()), open(ReasonCode::EvidenceMissing));
    assert_eq!(with(|seen| seen.by_role = None), open(ReasonCode::NotAttested));
    assert_eq!(
        with(|seen| seen.by_role = Some(Role::parse("SALES").unwrap())),
        open(ReasonCode::NotAttested)
    );
    assert_eq!(with(|seen| seen.observed_at = now() - TimeDelta::hours(24)), (Verdict::Pass, None));
    let late = with(|seen| seen.observed_at = now() - TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(late, open(ReasonCode::Stale));
    assert_eq!(with(|seen| seen.value = Value::Double(101.0)), open(ReasonCode::NotMeasurable));
}

#[test]
fn a_result_says_what_it_saw_and_what_would_help() {
    let gate = gate(14, "environment-ready");
    let mut facts = passing_facts(gate);
    facts.get_mut("metric.infrastructure_stability").unwrap().value = Value::Double(99.49);
    let decision = decided(gate, &facts, &all_attested(gate));
    let result = criterion(&decision, "stability");
    assert_eq!(result.looked_at, ["metric.infrastructure_stability"]);
    assert_eq!(result.seen.as_deref(), Some("metric.infrastructure_stability = 99.49"));
    assert_eq!(result.wanted, "metric.infrastructure_stability >= 99.5");
    assert_eq!((result.observed_at, result.age_seconds), (Some(now() - TimeDelta::minutes(5)), Some(300)));
    assert_eq!(result.evidence, [proof(1)]);
    let [remedy] = decision.least.as_slice() else { panic!("{:?}", decision.least) };
    assert_eq!((remedy.action, remedy.criterion.as_str()), (Action::Change, "stability"));
    assert_eq!(remedy.roles.first(), Some(&role("EXEC")));
    assert_eq!(remedy.text, "metric.infrastructure_stability >= 99.5 is wanted; it is 99.49");
}

#[test]
fn of_two_ways_the_shorter_is_told() {
    let gate = gate(39, "synergies-captured");
    let mut facts = passing_facts(gate);
    facts.get_mut("metric.value_captured").unwrap().value = Value::Int(9_999);
    let decision = decided(gate, &facts, &all_attested(gate));
    let texts: Vec<_> = decision.least.iter().map(|remedy| remedy.text.as_str()).collect();
    assert_eq!(texts, ["metric.value_captured >= 10000 is wanted; it is 9999"]);
}

#[test]
fn a_decision_survives_being_stored() {
    let decision = decided(gate(17, "segments-identified"), &Facts::new(), &[]);
    let stored = serde_json::to_value(&decision).unwrap();
    assert_eq!(stored["verdict"], "INCONCLUSIVE");
    assert_eq!(stored["criteria"][0]["reason"]["code"], "NO_DATA");
    assert_eq!(stored["least"][0]["action"], "provide");
    assert_eq!(serde_json::from_value::<Decision>(stored).unwrap(), decision);
}
