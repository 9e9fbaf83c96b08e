//! Full-text search, which the two databases have each in its own way: a generated `tsvector` beside a
//! venture on PostgreSQL, an FTS5 table on SQLite (`migration`'s step `m0003_search`). Both see the same
//! words: runs of letters and digits in lower case, no stemming and no stop words. What is searched for is
//! data: each word is quoted, and the statement only ever gets it as a value.
//!
//! How relevant a venture is does not depend on other ventures, as it would by the databases' own ranks:
//! pages stay whole while ventures come and go.

use domain::Refusal;
use entity::venture;
use sea_orm::{
    ColumnTrait, DbBackend,
    sea_query::{CaseStatement, Expr, ExprTrait},
};
use serde::Serialize;

/// The longest search, in characters.
const MAX_CHARACTERS: usize = 200;
/// The most words of a search.
const MAX_WORDS: usize = 16;

/// The searched columns as the two databases name them, with what a word found there is worth.
const COLUMNS: [(&str, &str, i64); 3] = [("name", "A", 4), ("category", "B", 2), ("description", "C", 1)];

/// Words to search for. All must be there; the last may be the beginning of a longer one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Search(Vec<String>);

impl Search {
    /// The words of a text: of 200 characters and 16 words at most, and of one at least.
    pub fn new(text: &str) -> Result<Self, Refusal> {
        let refuse = |message: String| Err(Refusal::invalid("search", message));
        if text.chars().count() > MAX_CHARACTERS {
            return refuse(format!("at most {MAX_CHARACTERS} characters are searched for"));
        }
        // Beyond ASCII the databases themselves tell letters from the rest, within the quotes.
        let separates = |c: char| c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphanumeric());
        let words = text.split(separates).filter(|word| word.chars().any(char::is_alphanumeric));
        let words: Vec<_> = words.map(str::to_owned).collect();
        match words.len() {
            0 => refuse("a search needs a letter or a digit".to_owned()),
            n if n > MAX_WORDS => refuse(format!("at most {MAX_WORDS} words are searched for")),
            _ => Ok(Self(words)),
        }
    }

    /// Each word, and whether it may be the beginning of a longer one.
    fn words(&self) -> impl Iterator<Item = (&str, bool)> {
        let last = self.0.len().saturating_sub(1);
        self.0.iter().enumerate().map(move |(at, word)| (word.as_str(), at == last))
    }
}

/// Whether a venture has all the words, anywhere.
pub(crate) fn matches(backend: DbBackend, search: &Search) -> Expr {
    let words = search.words();
    if backend == DbBackend::Postgres {
        found_by_postgres(words.map(|word| tsquery(word, "")).collect::<Vec<_>>().join(" & "))
    } else {
        found_by_sqlite(words.map(fts5).collect::<Vec<_>>().join(" AND "))
    }
}

/// How well a venture matches: for each word, what it is worth in each column that has it.
pub(crate) fn relevance(backend: DbBackend, search: &Search) -> Expr {
    let mut sum = Expr::cust("0");
    for word in search.words() {
        for (column, weight, worth) in COLUMNS {
            let there = if backend == DbBackend::Postgres {
                found_by_postgres(tsquery(word, weight))
            } else {
                found_by_sqlite(format!("{column} : {}", fts5(word)))
            };
            sum = sum.add(CaseStatement::new().case(there, worth).finally(0_i64));
        }
    }
    sum.cast_as("bigint")
}

/// A word as `to_tsquery` takes it, in a column of a weight or in any. No word holds an ASCII quote.
fn tsquery((word, beginning): (&str, bool), weight: &str) -> String {
    let star = if beginning { "*" } else { "" };
    match (star, weight) {
        ("", "") => format!("'{word}'"),
        _ => format!("'{word}':{star}{weight}"),
    }
}

/// A word as FTS5's MATCH takes it.
fn fts5((word, beginning): (&str, bool)) -> String {
    format!("\"{word}\"{}", if beginning { " *" } else { "" })
}

fn found_by_postgres(query: String) -> Expr {
    // By ICU, as in the column: what the server's own locale folds, which may be ASCII alone, does not matter.
    let found = "\"venture\".\"search\" @@ to_tsquery('simple', lower($1 COLLATE \"und-x-icu\"))";
    Expr::cust_with_values(found, [query])
}

fn found_by_sqlite(query: String) -> Expr {
    let id = Expr::col(venture::Column::Id.as_column_ref());
    Expr::cust_with_exprs(
        "? IN (SELECT id FROM venture_search WHERE venture_search MATCH ?)",
        [id, Expr::val(query)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_and_nothing_else() {
        let words = |text: &str| Search::new(text).map(|search| search.0);
        let list = |words: &[&str]| Ok(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(words("  solar-powered  Pump "), list(&["solar", "powered", "Pump"]));
        assert_eq!(
            words("\"a\" OR name:b* -c & 'd' | !(e) \0f"),
            list(&["a", "OR", "name", "b", "c", "d", "e", "f"])
        );
        assert_eq!(words("Ökostrom — für 3,5 €"), list(&["Ökostrom", "für", "3", "5"]));
        assert_eq!(words(&"x".repeat(200)).map(|words| words.len()), Ok(1));
        assert_eq!(words(&"x ".repeat(16)).map(|words| words.len()), Ok(16));
        for bad in ["", " ", "-- *", "—", &"x".repeat(201), &"x ".repeat(17)] {
            assert_eq!(words(bad).map_err(|refusal| refusal.field), Err(vec!["search".to_owned()]), "{bad}");
        }
    }
}
