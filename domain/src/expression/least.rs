//! The least that would turn an expression true, read off its syntax tree.
//!
//! It says which facts to change and to what, never how; who may change them is the gate's business.

use cel::common::ast::{Expr, operators};
use cel::{Context, IdedExpr};
use serde::{Deserialize, Serialize};

use super::fact::quote;
use super::syntax::{comparison, spell};

/// One thing that has to become different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What is looked at: a fact, or something calculated from facts.
    pub fact: String,
    /// How it has to stand to `wanted`: `>=`, `==`, `contains`, …
    pub operator: String,
    /// The value wanted.
    pub wanted: String,
    /// The value seen.
    pub seen: Option<String>,
}

/// The fewest changes that make `expr` true.
pub(super) fn least(expr: &IdedExpr, context: &Context<'_, '_>) -> Vec<Change> {
    if matches!(cel::Value::resolve(expr, context), Ok(cel::Value::Bool(true))) {
        return Vec::new();
    }
    let Expr::Call(call) = &expr.expr else { return whole(expr, context) };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_AND, [left, right]) => {
            let mut both = least(left, context);
            both.extend(
                least(right, context).into_iter().filter(|change| !both.contains(change)).collect::<Vec<_>>(),
            );
            both
        }
        (operators::LOGICAL_OR, [left, right]) => {
            let (one, other) = (least(left, context), least(right, context));
            if other.len() < one.len() { other } else { one }
        }
        (operators::IN, [element, list]) => vec![change(list, "contains", element, context)],
        (function, [left, right]) => match comparison(function) {
            Some(operator) if is_constant(left) => vec![change(right, flipped(operator), left, context)],
            Some(operator) => vec![change(left, operator, right, context)],
            None => whole(expr, context),
        },
        _ => whole(expr, context),
    }
}

fn change(subject: &IdedExpr, operator: &str, wanted: &IdedExpr, context: &Context<'_, '_>) -> Change {
    Change {
        fact: spell(subject),
        operator: operator.to_owned(),
        wanted: shown(wanted, context).unwrap_or_else(|| spell(wanted)),
        seen: shown(subject, context),
    }
}

/// What cannot be taken apart has to become true as it stands.
fn whole(expr: &IdedExpr, context: &Context<'_, '_>) -> Vec<Change> {
    let seen = shown(expr, context);
    vec![Change { fact: spell(expr), operator: "==".to_owned(), wanted: "true".to_owned(), seen }]
}

fn is_constant(expr: &IdedExpr) -> bool {
    match &expr.expr {
        Expr::Literal(_) => true,
        Expr::Call(call) if call.func_name == operators::NEGATE => call.args.iter().all(is_constant),
        _ => false,
    }
}

fn flipped(operator: &'static str) -> &'static str {
    match operator {
        ">=" => "<=",
        "<=" => ">=",
        ">" => "<",
        "<" => ">",
        same => same,
    }
}

fn shown(expr: &IdedExpr, context: &Context<'_, '_>) -> Option<String> {
    cel::Value::resolve(expr, context).ok().and_then(|value| show(&value))
}

fn show(value: &cel::Value) -> Option<String> {
    match value {
        cel::Value::Bool(value) => Some(value.to_string()),
        cel::Value::Int(value) => Some(value.to_string()),
        cel::Value::Float(value) => Some(value.to_string()),
        cel::Value::String(value) => Some(quote(value)),
        cel::Value::List(list) => {
            let shown: Vec<_> = list.iter().take(50).filter_map(show).collect();
            let rest = if list.len() > shown.len() { ", …" } else { "" };
            Some(format!("[{}{rest}]", shown.join(", ")))
        }
        _ => None,
    }
}
