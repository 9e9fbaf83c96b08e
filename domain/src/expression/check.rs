//! The checker: every name, type, function, and the cost of an expression, before it may run.
//!
//! What is not listed here is refused. All faults of an expression are found in one pass.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};
use cel::{IdedExpr, Program};

use super::compile::{MAX_NESTING, Problem};
use super::fact::{Declarations, MAX_LIST, Type};
use super::syntax::{Macro, arithmetic, comparison, dotted};

/// The most steps an expression may take, each list counted at its limit.
const MAX_COST: u64 = 100_000;
const LIST_STEPS: u64 = MAX_LIST as u64;
/// The tree is deeper than the brackets: operators nest too.
const MAX_TREE_DEPTH: usize = 2 * MAX_NESTING;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Int,
    Double,
    Bool,
    /// Of one of the kinds above.
    List(Element),
    /// A fault was reported already; fits everything, so that it is reported once.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    String,
    Int,
    Double,
    Bool,
}

/// The type of a part and the steps it takes.
#[derive(Clone, Copy)]
struct Checked {
    kind: Kind,
    cost: u64,
}

struct Checker<'a> {
    program: &'a Program,
    source: &'a str,
    declared: &'a Declarations,
    facts_used: BTreeSet<String>,
    /// The variable of the macro whose body is being checked.
    variable: Option<(String, Kind)>,
    depth: usize,
    problems: Vec<Problem>,
}

/// The names of the facts it reads, or all that is wrong with it.
pub(super) fn check(
    program: &Program,
    source: &str,
    declared: &Declarations,
) -> Result<BTreeSet<String>, Vec<Problem>> {
    let mut checker = Checker {
        program,
        source,
        declared,
        facts_used: BTreeSet::new(),
        variable: None,
        depth: 0,
        problems: Vec::new(),
    };
    let root = program.expression();
    let checked = checker.visit(root);
    if checked.cost > MAX_COST {
        checker.fault(root, format!("may take {} steps, at most {MAX_COST} are allowed", checked.cost));
    }
    if !checked.kind.fits(Kind::Bool) {
        checker.fault(root, format!("yields {}, a rule must yield bool", checked.kind.name()));
    }
    if checker.facts_used.is_empty() && checker.problems.is_empty() {
        checker.fault(root, "reads no fact");
    }
    if checker.problems.is_empty() { Ok(checker.facts_used) } else { Err(checker.problems) }
}

impl Checker<'_> {
    fn fault(&mut self, expr: &IdedExpr, message: impl Into<String>) -> Checked {
        let offset = self.start(expr);
        self.problems.push(Problem::new(offset, message));
        Checked { kind: Kind::Unknown, cost: 1 }
    }

    /// Where a part begins, in characters. The parser gives an operator's own place, so look left.
    fn start(&self, expr: &IdedExpr) -> usize {
        let first = match &expr.expr {
            Expr::Select(select) => Some(select.operand.as_ref()),
            Expr::Call(call) if call.target.is_some() => call.target.as_deref(),
            Expr::Call(call) if call.args.len() > 1 && !call.func_name.starts_with(char::is_alphabetic) => {
                call.args.first()
            }
            Expr::Comprehension(comprehension) => Some(&comprehension.iter_range),
            _ => None,
        };
        match first {
            Some(first) => self.start(first),
            None => {
                let offset = self.program.source_info().offset_for(expr.id).map_or(0, |(start, _)| start);
                usize::try_from(offset).unwrap_or(0).min(self.source.chars().count())
            }
        }
    }

    fn visit(&mut self, expr: &IdedExpr) -> Checked {
        if self.depth >= MAX_TREE_DEPTH {
            return self.fault(expr, format!("nested deeper than {MAX_TREE_DEPTH} operators"));
        }
        self.depth += 1;
        let checked = match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(_) | Expr::Select(_) => self.name(expr),
            Expr::List(list) => self.list(expr, &list.elements, list.optional_indices.is_empty()),
            Expr::Call(call) => self.call(expr, call),
            Expr::Comprehension(comprehension) => self.comprehension(expr, comprehension),
            Expr::Map(_) | Expr::Struct(_) => self.fault(expr, "maps and messages are not allowed"),
            Expr::Unspecified => self.fault(expr, "not an expression"),
        };
        self.depth -= 1;
        checked
    }

    fn literal(&mut self, expr: &IdedExpr, literal: &LiteralValue) -> Checked {
        let kind = match literal {
            LiteralValue::Boolean(_) => Kind::Bool,
            LiteralValue::Int(_) => Kind::Int,
            LiteralValue::Double(_) => Kind::Double,
            LiteralValue::String(_) => Kind::String,
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) | LiteralValue::Null => {
                return self.fault(expr, "unsigned numbers, bytes and null are not allowed");
            }
        };
        Checked { kind, cost: 1 }
    }

    fn name(&mut self, expr: &IdedExpr) -> Checked {
        let Some(name) = dotted(expr) else {
            return self.fault(expr, "fields can be read of facts only");
        };
        if let Some((variable, kind)) = &self.variable
            && *variable == name
        {
            return Checked { kind: *kind, cost: 1 };
        }
        let Some(declaration) = self.declared.get(&name) else {
            return self.fault(expr, format!("unknown fact {name:?}"));
        };
        let kind = Kind::from(declaration.r#type);
        self.facts_used.insert(name);
        Checked { kind, cost: 1 }
    }

    fn list(&mut self, expr: &IdedExpr, elements: &[IdedExpr], plain: bool) -> Checked {
        let mut cost = 1;
        let mut element = Kind::Unknown;
        for part in elements {
            let checked = self.visit(part);
            cost += checked.cost;
            if !checked.kind.fits(element) {
                let message = format!("a list of {} cannot hold {}", element.name(), checked.kind.name());
                return self.fault(part, message);
            }
            element = checked.kind;
        }
        match element.element() {
            Some(element) if plain => Checked { kind: Kind::List(element), cost },
            None if element == Kind::Unknown && !elements.is_empty() => Checked { kind: Kind::Unknown, cost },
            _ => self.fault(expr, "a list holds at least one number, string or bool, and nothing else"),
        }
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Checked {
        let mut parts = Vec::new();
        for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
            parts.push(self.visit(part));
        }
        let cost = parts.iter().fold(1_u64, |sum, part| sum.saturating_add(part.cost));
        let kinds: Vec<Kind> = parts.iter().map(|part| part.kind).collect();
        let function = call.func_name.as_str();
        if matches!(function, operators::DIVIDE | operators::MODULO)
            && !call.args.get(1).is_some_and(is_nonzero)
        {
            // 1.0 / 0.0 is infinity, which passes any threshold.
            return self.fault(expr, "divides by something else than a number written out and not zero");
        }
        let steps = if function == operators::IN { LIST_STEPS } else { 0 };
        match result(function, call.target.is_some(), &kinds) {
            Ok(kind) => Checked { kind, cost: cost.saturating_add(steps) },
            Err(message) => self.fault(expr, message),
        }
    }

    fn comprehension(&mut self, expr: &IdedExpr, comprehension: &ComprehensionExpr) -> Checked {
        let Some((kind, body)) = Macro::of(comprehension) else {
            return self.fault(expr, "this macro is not allowed");
        };
        let range = self.visit(&comprehension.iter_range);
        let element = match range.kind {
            Kind::List(element) => element.kind(),
            Kind::Unknown => Kind::Unknown,
            other => {
                return self.fault(expr, format!("{}() goes over a list, not {}", kind.name(), other.name()));
            }
        };
        if self.variable.is_some() {
            return self.fault(expr, format!("{}() inside another macro", kind.name()));
        }
        let variable = &comprehension.iter_var;
        let group = |name: &String| name.split('.').next() == Some(variable.as_str());
        if self.declared.keys().any(group) {
            return self.fault(expr, format!("the variable {variable:?} hides facts"));
        }
        self.variable = Some((variable.clone(), element));
        let inner = self.visit(body);
        self.variable = None;
        if kind != Macro::Map && !inner.kind.fits(Kind::Bool) {
            return self.fault(body, format!("{}() tests a bool, not {}", kind.name(), inner.kind.name()));
        }
        let cost = range.cost.saturating_add(inner.cost.saturating_mul(LIST_STEPS));
        let yielded = match kind {
            Macro::All | Macro::Exists | Macro::ExistsOne => Kind::Bool,
            Macro::Filter => range.kind,
            Macro::Map => match (inner.kind, inner.kind.element()) {
                (_, Some(element)) => Kind::List(element),
                (Kind::Unknown, None) => Kind::Unknown,
                _ => return self.fault(body, "map() cannot yield lists of lists"),
            },
        };
        Checked { kind: yielded, cost }
    }
}

/// What a function yields for these types, the target of a method first; else why it does not apply.
fn result(function: &str, method: bool, kinds: &[Kind]) -> Result<Kind, String> {
    let bools = |all: &[Kind]| all.iter().all(|kind| kind.fits(Kind::Bool));
    let numbers = |a: Kind, b: Kind| a.fits(b) && a.is_number() && b.is_number();
    let known = match (function, method, kinds) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, false, [_, _])
        | (operators::LOGICAL_NOT, false, [_]) => bools(kinds).then_some(Kind::Bool),
        (operators::CONDITIONAL, false, [test, yes, no]) => {
            (test.fits(Kind::Bool) && yes.fits(*no)).then_some(yes.or(*no))
        }
        (operators::NEGATE, false, [inner]) => inner.is_number().then_some(*inner),
        (operators::EQUALS | operators::NOT_EQUALS, false, [a, b]) => {
            (a.fits(*b) && !a.is_list() && !b.is_list()).then_some(Kind::Bool)
        }
        (operators::IN, false, [element, Kind::List(list)]) => {
            element.fits(list.kind()).then_some(Kind::Bool)
        }
        (operators::IN, false, [_, Kind::Unknown]) => Some(Kind::Bool),
        (_, false, [a, b]) if comparison(function).is_some() => numbers(*a, *b).then_some(Kind::Bool),
        (_, false, [a, b]) if arithmetic(function).is_some() => numbers(*a, *b).then_some(a.or(*b)),
        ("size", _, [of]) => (of.is_list() || of.fits(Kind::String)).then_some(Kind::Int),
        ("contains" | "startsWith" | "endsWith", true, [_, _]) => {
            kinds.iter().all(|kind| kind.fits(Kind::String)).then_some(Kind::Bool)
        }
        _ if function.starts_with(char::is_alphabetic) => {
            return Err(format!("{function}() is not allowed here"));
        }
        _ => return Err("this operator is not allowed".to_owned()),
    };
    let names = || kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" and ");
    let sign =
        comparison(function).or_else(|| arithmetic(function)).unwrap_or(function).trim_matches(['_', '@']);
    known.ok_or_else(|| format!("{sign} does not apply to {}", names()))
}

fn is_nonzero(expr: &IdedExpr) -> bool {
    match &expr.expr {
        Expr::Literal(LiteralValue::Int(value)) => *value.inner() != 0,
        Expr::Literal(LiteralValue::Double(value)) => *value.inner() != 0.0,
        _ => false,
    }
}

impl Kind {
    fn fits(self, other: Self) -> bool {
        self == other || self == Self::Unknown || other == Self::Unknown
    }

    /// The more definite of two that fit.
    fn or(self, other: Self) -> Self {
        if self == Self::Unknown { other } else { self }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::Unknown)
    }

    fn is_list(self) -> bool {
        matches!(self, Self::List(_))
    }

    fn element(self) -> Option<Element> {
        match self {
            Self::String => Some(Element::String),
            Self::Int => Some(Element::Int),
            Self::Double => Some(Element::Double),
            Self::Bool => Some(Element::Bool),
            Self::List(_) | Self::Unknown => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Double => "double",
            Self::Bool => "bool",
            Self::List(_) => "a list",
            Self::Unknown => "unknown",
        }
    }
}

impl Element {
    fn kind(self) -> Kind {
        match self {
            Self::String => Kind::String,
            Self::Int => Kind::Int,
            Self::Double => Kind::Double,
            Self::Bool => Kind::Bool,
        }
    }
}

impl From<Type> for Kind {
    fn from(declared: Type) -> Self {
        match declared {
            Type::String => Self::String,
            Type::Int => Self::Int,
            Type::Double => Self::Double,
            Type::Bool => Self::Bool,
            Type::IntList => Self::List(Element::Int),
        }
    }
}
