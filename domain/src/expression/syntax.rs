//! The small part of CEL's syntax tree that playbooks may use, read back as what was written.
//!
//! The parser expands macros into loops; here they are recognised again. No rule is decided here.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};

/// A macro over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Macro {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => operators::ALL,
            Self::Exists => operators::EXISTS,
            Self::ExistsOne => operators::EXISTS_ONE,
            Self::Filter => operators::FILTER,
            Self::Map => operators::MAP,
        }
    }

    /// Which macro a loop was written as, and the body it was given.
    pub(super) fn of(comprehension: &ComprehensionExpr) -> Option<(Self, &IdedExpr)> {
        let Expr::Call(step) = &comprehension.loop_step.expr else { return None };
        match (&comprehension.accu_init.expr, step.func_name.as_str(), step.args.as_slice()) {
            (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_AND, [_, body]) => {
                Some((Self::All, body))
            }
            (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_OR, [_, body]) => {
                Some((Self::Exists, body))
            }
            (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL, [body, _, _]) => {
                Some((Self::ExistsOne, body))
            }
            (Expr::List(_), operators::ADD, [_, added]) => Some((Self::Map, only_element(added)?)),
            (Expr::List(_), operators::CONDITIONAL, [body, append, _]) => {
                // `map` with a filter looks the same but adds something else than the element.
                let Expr::Call(append) = &append.expr else { return None };
                let added = only_element(append.args.get(1)?)?;
                let same = matches!(&added.expr, Expr::Ident(name) if *name == comprehension.iter_var);
                same.then_some((Self::Filter, body))
            }
            _ => None,
        }
    }
}

fn only_element(list: &IdedExpr) -> Option<&IdedExpr> {
    match &list.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}

/// The operator of a comparison, as written.
pub(super) fn comparison(function: &str) -> Option<&'static str> {
    match function {
        operators::EQUALS => Some("=="),
        operators::NOT_EQUALS => Some("!="),
        operators::GREATER_EQUALS => Some(">="),
        operators::LESS_EQUALS => Some("<="),
        operators::GREATER => Some(">"),
        operators::LESS => Some("<"),
        _ => None,
    }
}

/// The operator of a calculation, as written.
pub(super) fn arithmetic(function: &str) -> Option<&'static str> {
    match function {
        operators::ADD => Some("+"),
        operators::SUBSTRACT => Some("-"),
        operators::MULTIPLY => Some("*"),
        operators::DIVIDE => Some("/"),
        operators::MODULO => Some("%"),
        _ => None,
    }
}

/// `a.b.c` as one name; none when it is anything else.
pub(super) fn dotted(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", dotted(&select.operand)?, select.field))
        }
        _ => None,
    }
}

/// The expression written out again, with the brackets it needs.
pub(super) fn spell(expr: &IdedExpr) -> String {
    match &expr.expr {
        Expr::Literal(literal) => spell_literal(literal),
        Expr::List(list) => format!("[{}]", spell_all(&list.elements)),
        Expr::Call(call) => spell_call(call),
        Expr::Comprehension(comprehension) => match Macro::of(comprehension) {
            Some((kind, body)) => {
                let (range, variable) = (spell(&comprehension.iter_range), &comprehension.iter_var);
                format!("{range}.{}({variable}, {})", kind.name(), spell(body))
            }
            None => "…".to_owned(),
        },
        _ => dotted(expr).unwrap_or_else(|| "…".to_owned()),
    }
}

fn spell_literal(literal: &LiteralValue) -> String {
    match literal {
        LiteralValue::Boolean(value) => value.inner().to_string(),
        LiteralValue::Int(value) => value.inner().to_string(),
        LiteralValue::Double(value) => format!("{:?}", value.inner()),
        LiteralValue::String(value) => super::fact::quote(value.inner()),
        LiteralValue::UInt(_) | LiteralValue::Bytes(_) | LiteralValue::Null => "…".to_owned(),
    }
}

fn spell_call(call: &CallExpr) -> String {
    let infix = comparison(&call.func_name).or_else(|| arithmetic(&call.func_name)).or(
        match call.func_name.as_str() {
            operators::LOGICAL_AND => Some("&&"),
            operators::LOGICAL_OR => Some("||"),
            operators::IN => Some("in"),
            _ => None,
        },
    );
    match (infix, call.func_name.as_str(), call.args.as_slice()) {
        (Some(operator), _, [left, right]) => format!("{} {operator} {}", operand(left), operand(right)),
        (_, operators::LOGICAL_NOT, [inner]) => format!("!{}", operand(inner)),
        (_, operators::NEGATE, [inner]) => format!("-{}", operand(inner)),
        (_, operators::CONDITIONAL, [test, yes, no]) => {
            format!("{} ? {} : {}", operand(test), operand(yes), operand(no))
        }
        _ => {
            let target =
                call.target.as_ref().map(|target| format!("{}.", operand(target))).unwrap_or_default();
            format!("{target}{}({})", call.func_name, spell_all(&call.args))
        }
    }
}

/// An operator's side, in brackets when it is itself an operator's result.
fn operand(expr: &IdedExpr) -> String {
    let text = spell(expr);
    match &expr.expr {
        Expr::Call(call) if !call.func_name.starts_with(char::is_alphabetic) => format!("({text})"),
        _ => text,
    }
}

fn spell_all(exprs: &[IdedExpr]) -> String {
    exprs.iter().map(spell).collect::<Vec<_>>().join(", ")
}
