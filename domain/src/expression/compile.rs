//! From text to a checked [`Expression`]. Runs only when a playbook loads.
//!
//! The parser recurses without a limit of its own, so the text is measured first and parsed on a
//! thread with a deep stack; nothing else may call the parser.

use std::sync::Arc;
use std::thread;

use cel::Program;

use super::{Declarations, Expression, check};

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 1024;
/// The deepest nesting of brackets, and of the syntax tree beyond them.
pub const MAX_NESTING: usize = 20;

const STACK_BYTES: usize = 64 * 1024 * 1024;

/// A fault in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, in characters from the start of the expression.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// Compiles expressions over the declared facts, in order; for each, the expression or every fault in it.
pub fn compile_all(sources: &[&str], declared: &Declarations) -> Vec<Result<Expression, Vec<Problem>>> {
    let all = || sources.iter().map(|source| compile(source, declared)).collect();
    let compiled = thread::scope(|scope| {
        let deep = thread::Builder::new().name("expressions".to_owned()).stack_size(STACK_BYTES);
        deep.spawn_scoped(scope, all).ok().and_then(|handle| handle.join().ok())
    });
    compiled.unwrap_or_else(|| {
        let failed = || Err(vec![Problem::new(0, "the expression compiler could not run")]);
        sources.iter().map(|_| failed()).collect()
    })
}

fn compile(source: &str, declared: &Declarations) -> Result<Expression, Vec<Problem>> {
    measure(source).map_err(|problem| vec![problem])?;
    let program = Program::compile(source).map_err(|errors| {
        errors
            .errors
            .iter()
            .map(|error| Problem::new(at(source, error.pos), summary(&error.msg)))
            .collect::<Vec<_>>()
    })?;
    let facts_used = check::check(&program, source, declared)?;
    Ok(Expression { source: source.to_owned(), facts_used, program: Arc::new(program) })
}

/// Refuses what the parser must not see: too long, or brackets too deep.
fn measure(source: &str) -> Result<(), Problem> {
    if source.len() > MAX_LENGTH {
        return Err(Problem::new(0, format!("longer than {MAX_LENGTH} bytes ({})", source.len())));
    }
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (offset, c) in source.chars().enumerate() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(Problem::new(offset, format!("nested deeper than {MAX_NESTING} brackets")));
        }
    }
    Ok(())
}

/// The parser's line (from 1) and column (from 0) as an offset in characters.
fn at(source: &str, (line, column): (isize, isize)) -> usize {
    let before = usize::try_from(line - 1).unwrap_or(0);
    let lines: usize = source.split_inclusive('\n').take(before).map(|line| line.chars().count()).sum();
    (lines + usize::try_from(column).unwrap_or(0)).min(source.chars().count())
}

/// The parser lists every token it would have taken; the first clause says enough.
fn summary(message: &str) -> String {
    let first = message.split(" expecting ").next().unwrap_or(message);
    format!("not an expression: {first}")
}
