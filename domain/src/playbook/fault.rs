//! Faults of a playbook and where they stand. Finding them is not done here.

use std::fmt;

use serde_saphyr::{Location, Spanned};

use crate::expression::Problem;

/// Something wrong in a playbook's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Path relative to the playbook's folder.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// From 1, in characters.
    pub column: u64,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for Fault {}

/// The faults of one file as they are found.
pub(super) struct Faults<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(super) fn of(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    /// A fault of the file as a whole.
    pub(super) fn file(&mut self, message: impl Into<String>) {
        self.push(1, 1, message.into());
    }

    /// A fault at a place the YAML reader gave.
    pub(super) fn at(&mut self, place: Location, message: impl Into<String>) {
        self.push(place.line().max(1), place.column().max(1), message.into());
    }

    /// A fault inside an expression.
    pub(super) fn expression(&mut self, rule: &Spanned<String>, problem: &Problem) {
        let (line, column) = inside(self.text, rule, problem.offset);
        self.push(line, column, problem.message.clone());
    }

    pub(super) fn into_found(self) -> Vec<Fault> {
        self.found
    }

    fn push(&mut self, line: u64, column: u64, message: String) {
        self.found.push(Fault { file: self.file.to_owned(), line, column, message });
    }
}

/// Line and column of the character at `offset` of a scalar.
///
/// Exact where the scalar stands in the file as it reads: plain, in quotes without escapes, or as a
/// block of literal lines. Else the scalar's own place.
fn inside(text: &str, scalar: &Spanned<String>, offset: usize) -> (u64, u64) {
    let place = scalar.referenced;
    let (line, column) = (place.line().max(1), place.column().max(1));
    let start = place.span().byte_offset().and_then(|byte| usize::try_from(byte).ok()).unwrap_or(0);
    let written = text.get(start..).unwrap_or_default();
    let value = scalar.value.trim_end();
    let single = !value.contains('\n');
    if single && written.starts_with(value) {
        return (line, column + offset as u64);
    }
    if single && written.strip_prefix(['"', '\'']).is_some_and(|rest| rest.starts_with(value)) {
        return (line, column + 1 + offset as u64);
    }
    literal_block(text, line, value, offset).unwrap_or((line, column))
}

fn literal_block(text: &str, header: u64, value: &str, offset: usize) -> Option<(u64, u64)> {
    let before: String = value.chars().take(offset).collect();
    let down = before.matches('\n').count();
    let along = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let expected = value.lines().nth(down)?;
    // The place of a block is its header or its first line, as the reader has it.
    (0..=1_u64).find_map(|skip| {
        let number = header + skip + down as u64;
        let line = text.lines().nth(usize::try_from(number - 1).ok()?)?;
        let indent = line.chars().take_while(|c| *c == ' ').count();
        (line.trim() == expected.trim()).then_some((number, (indent + along + 1) as u64))
    })
}
