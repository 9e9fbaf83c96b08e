//! Expressions: what they decide, what they leave open, and the least that would turn them true.

use chrono::{DateTime, TimeDelta, Utc};
use domain::expression::{
    Declaration, Declarations, Expression, Facts, GapKind, Observation, Outcome, Source, Type, Value,
    compile_all,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn declared() -> Declarations {
    let fact = |r#type, max_age: Option<i64>, range| Declaration {
        r#type,
        unit: None,
        source: Source::Attested,
        range,
        max_age: max_age.map(TimeDelta::hours),
        description: String::new(),
    };
    Declarations::from([
        ("m.users".to_owned(), fact(Type::Int, None, None)),
        ("m.target".to_owned(), fact(Type::Int, None, None)),
        ("m.uptime".to_owned(), fact(Type::Double, Some(24), Some((0.0, 100.0)))),
        ("m.name".to_owned(), fact(Type::String, None, None)),
        ("m.done".to_owned(), fact(Type::Bool, None, None)),
        ("m.stages".to_owned(), fact(Type::IntList, None, None)),
    ])
}

fn facts(values: &[(&str, Value)]) -> Facts {
    let observed = |value: &Value| Observation {
        value: value.clone(),
        observed_at: now(),
        source: "test".to_owned(),
        by_role: None,
        evidence: Vec::new(),
    };
    values.iter().map(|(name, value)| ((*name).to_owned(), observed(value))).collect()
}

fn compile(source: &str) -> Expression {
    let mut compiled = compile_all(&[source], &declared());
    compiled.pop().unwrap().unwrap_or_else(|problems| panic!("{source}: {problems:?}"))
}

fn evaluate(source: &str, values: &[(&str, Value)]) -> Outcome {
    compile(source).evaluate(&facts(values), &declared(), now())
}

#[test]
fn rules_decide() {
    let users = |n| ("m.users", Value::Int(n));
    let name = |text: &str| ("m.name", Value::String(text.to_owned()));
    let stages = || ("m.stages", Value::IntList(vec![1, 2, 6]));
    for (rule, values, expected) in [
        ("m.users >= 3", vec![users(3)], true),
        ("m.users >= 3", vec![users(2)], false),
        ("m.users + 1 == 4 && m.users * 2 < 7", vec![users(3)], true),
        ("m.users - 10 < -6", vec![users(3)], true),
        ("m.users / 2 == 1 && m.users % 2 == 1", vec![users(3)], true),
        ("size(m.name) >= 3", vec![name("äöü")], true),
        ("size(m.name) <= 3", vec![name("äöü")], true),
        ("m.name.size() == 2", vec![name("日本")], true),
        ("m.name.startsWith('a') && m.name.endsWith('c') && m.name.contains('b')", vec![name("abc")], true),
        ("m.name in ['x', 'y']", vec![name("y")], true),
        ("6 in m.stages", vec![stages()], true),
        ("7 in m.stages", vec![stages()], false),
        ("m.stages.all(s, s < 7)", vec![stages()], true),
        ("m.stages.exists(s, s == 7)", vec![stages()], false),
        ("m.stages.exists_one(s, s == 2)", vec![stages()], true),
        ("size(m.stages.filter(s, s > 1)) == 2", vec![stages()], true),
        ("12 in m.stages.map(s, s * 2)", vec![stages()], true),
        ("!m.done || m.users > 1", vec![("m.done", Value::Bool(true)), users(1)], false),
        ("m.done ? m.users > 5 : m.users > 1", vec![("m.done", Value::Bool(false)), users(2)], true),
    ] {
        let expected = if expected { Outcome::True } else { Outcome::False };
        assert_eq!(evaluate(rule, &values), expected, "{rule}");
    }
}

#[test]
fn a_missing_fact_decides_nothing_even_where_the_rest_would() {
    for rule in ["m.users > 1", "m.users > 1 || m.done", "m.done || m.users > 1", "!(m.users > 1 && m.done)"]
    {
        let outcome = evaluate(rule, &[("m.done", Value::Bool(true))]);
        let Outcome::Inconclusive(gap) = outcome else { panic!("{rule}: {outcome:?}") };
        assert_eq!((gap.kind, gap.fact.as_deref()), (GapKind::NoData, Some("m.users")), "{rule}");
    }
}

#[test]
fn unusable_values_decide_nothing() {
    for (rule, name, value) in [
        ("m.users > 1", "m.users", Value::Double(5.0)),
        ("m.uptime > 1.0", "m.uptime", Value::Double(f64::NAN)),
        ("m.uptime > 1.0", "m.uptime", Value::Double(f64::INFINITY)),
        ("m.uptime > 1.0", "m.uptime", Value::Double(100.1)),
        ("m.uptime > 1.0", "m.uptime", Value::Double(-0.1)),
        ("1 in m.stages", "m.stages", Value::IntList(vec![1; 1001])),
        ("m.users + 1 > 1", "m.users", Value::Int(i64::MAX)),
    ] {
        let outcome = evaluate(rule, &[(name, value.clone())]);
        let Outcome::Inconclusive(gap) = outcome else { panic!("{rule} with {value}: {outcome:?}") };
        assert_eq!(gap.kind, GapKind::NotMeasurable, "{rule} with {value}");
    }
}

#[test]
fn a_fact_goes_stale_strictly_after_its_age() {
    let rule = compile("m.uptime > 1.0");
    let mut facts = facts(&[("m.uptime", Value::Double(99.0))]);
    for (seconds, fresh) in [(0, true), (24 * 3600, true), (24 * 3600 + 1, false)] {
        facts.get_mut("m.uptime").unwrap().observed_at = now() - TimeDelta::seconds(seconds);
        let outcome = rule.evaluate(&facts, &declared(), now());
        let stale = matches!(&outcome, Outcome::Inconclusive(gap) if gap.kind == GapKind::Stale);
        assert_eq!((outcome == Outcome::True, stale), (fresh, !fresh), "{seconds} s");
    }
}

#[test]
fn the_least_change_is_told() {
    let values = [
        ("m.users", Value::Int(2)),
        ("m.target", Value::Int(500)),
        ("m.uptime", Value::Double(99.49)),
        ("m.name", Value::String("ab".to_owned())),
        ("m.done", Value::Bool(false)),
        ("m.stages", Value::IntList(vec![1])),
    ];
    for (rule, expected) in [
        ("m.users >= 2", vec![]),
        ("m.uptime >= 99.5", vec!["m.uptime >= 99.5 (99.49)"]),
        ("3 <= m.users", vec!["m.users >= 3 (2)"]),
        ("size(m.name) >= 3 && size(m.name) <= 120", vec!["size(m.name) >= 3 (2)"]),
        ("m.users > 5 && m.uptime > 99.9", vec!["m.users > 5 (2)", "m.uptime > 99.9 (99.49)"]),
        ("m.users > 5 && m.uptime > 99.9 || 6 in m.stages", vec!["m.stages contains 6 ([1])"]),
        ("m.users >= m.target", vec!["m.users >= 500 (2)"]),
        ("m.users * 100 >= m.target * 80", vec!["m.users * 100 >= 40000 (200)"]),
        ("m.done", vec!["m.done == true (false)"]),
        ("!(m.users > 1)", vec!["!(m.users > 1) == true (false)"]),
        ("m.stages.all(s, s > 1 && s < 9)", vec!["m.stages.all(s, (s > 1) && (s < 9)) == true (false)"]),
        ("m.name == 'xy'", vec!["m.name == \"xy\" (\"ab\")"]),
    ] {
        let least = compile(rule).least(&facts(&values));
        let told: Vec<_> = least
            .iter()
            .map(|c| {
                format!("{} {} {} ({})", c.fact, c.operator, c.wanted, c.seen.clone().unwrap_or_default())
            })
            .collect();
        assert_eq!(told, expected, "{rule}");
    }
}

#[test]
fn what_it_reads_is_known() {
    let rule = compile("m.users > 1 && m.stages.all(s, s < m.target)");
    assert_eq!(rule.facts_used().iter().collect::<Vec<_>>(), ["m.stages", "m.target", "m.users"]);
    fn shared_between_threads<T: Send + Sync>(_: &T) {}
    shared_between_threads(&rule);
}

#[test]
fn the_deepest_that_is_allowed_runs_on_a_common_stack() {
    let brackets = format!("{}m.users{} > 1", "(".repeat(20), ")".repeat(20));
    let tree = format!("m.users{} > 1", " + 1".repeat(38));
    let nested = format!("{}m.users{} > 1", "(".repeat(19), " + 1)".repeat(19));
    let all = format!("m.users > 1{}", " && m.users > 1".repeat(60));
    for rule in [brackets, tree, nested, all] {
        assert_eq!(evaluate(&rule, &[("m.users", Value::Int(2))]), Outcome::True, "{rule}");
    }
}

#[test]
fn hostile_text_is_refused_and_does_not_abort() {
    let hostile = [
        "(".repeat(1024),
        "[".repeat(1024),
        "{".repeat(21),
        "-".repeat(1024),
        "!-".repeat(500),
        "m.done?".repeat(140),
        "m.done?m.done:".repeat(70),
        format!("m{}", ".m".repeat(500)),
        format!("m.users{} > 1", "-1".repeat(500)),
        format!("[{}m.users]", "1,".repeat(500)),
        "m.stages.map(a,".repeat(19) + &")".repeat(19),
        "\u{0}\u{7f}".repeat(100),
        "'".repeat(999),
        "é".repeat(512),
        String::new(),
    ];
    let sources: Vec<&str> = hostile.iter().map(String::as_str).collect();
    for (source, compiled) in sources.iter().zip(compile_all(&sources, &declared())) {
        let problems = compiled.expect_err(source);
        assert!(
            problems.iter().all(|problem| problem.offset <= source.chars().count()),
            "{source}: {problems:?}"
        );
        assert!(!problems.is_empty(), "{source}");
    }
}
