//! A document's text, read as tokens without making anything of them.
//!
//! The parser calls itself for each bracket and aborts the process when its stack ends, so what it may be
//! given is decided here. Where this reader and the parser could disagree, over a string that does not end,
//! the text is refused.

use async_graphql::ServerError;

use super::{Limits, MAX_NESTING, excess};
use crate::error::{coded, placeless};

/// What a token is to nesting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Other,
    /// A string without its end.
    Unended,
}

/// Reads tokens, as the GraphQL specification cuts them.
struct Tokens<'t>(&'t [u8]);

pub(super) fn check(text: &str, limits: &Limits) -> Result<(), ServerError> {
    let (mut count, mut nesting) = (0, 0_u32);
    for token in Tokens(text.as_bytes()) {
        count += 1;
        if count > limits.tokens {
            return Err(excess("TOO_MANY_TOKENS", "the document has too many tokens", limits.tokens, None));
        }
        match token {
            Token::Open => nesting += 1,
            Token::Close => nesting = nesting.saturating_sub(1),
            Token::Other => {}
            Token::Unended => {
                let words = "a string of the document does not end";
                return Err(placeless(coded(words, "GRAPHQL_PARSE_FAILED")));
            }
        }
        if nesting > MAX_NESTING {
            return Err(excess("QUERY_TOO_DEEP", "the document's brackets nest too deep", MAX_NESTING, None));
        }
    }
    Ok(())
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            return Some(match first {
                b' ' | b',' | b'\t' | b'\n' | b'\r' => continue,
                b'#' => {
                    self.skip_while(|byte| !matches!(byte, b'\n' | b'\r'));
                    continue;
                }
                b'{' | b'[' | b'(' => Token::Open,
                b'}' | b']' | b')' => Token::Close,
                b'"' => self.string(),
                b'.' => {
                    self.0 = rest.strip_prefix(b"..").unwrap_or(rest);
                    Token::Other
                }
                b'-' | b'0'..=b'9' => {
                    self.skip_while(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
                    });
                    Token::Other
                }
                byte if byte.is_ascii_alphabetic() || *byte == b'_' => {
                    self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    Token::Other
                }
                _ => Token::Other,
            });
        }
    }
}

impl Tokens<'_> {
    fn skip_while(&mut self, within: impl Fn(u8) -> bool) {
        while let Some((byte, rest)) = self.0.split_first()
            && within(*byte)
        {
            self.0 = rest;
        }
    }

    /// The rest of a string whose first quote was read.
    fn string(&mut self) -> Token {
        let block = self.0.strip_prefix(b"\"\"");
        let ended = match block {
            Some(content) => after_block(content),
            None => after_line(self.0),
        };
        self.0 = ended.unwrap_or_default();
        if ended.is_some() { Token::Other } else { Token::Unended }
    }
}

/// What follows a block string's content and closing quotes.
fn after_block(mut content: &[u8]) -> Option<&[u8]> {
    loop {
        if let Some(rest) = content.strip_prefix(b"\"\"\"") {
            return Some(rest);
        }
        let next = content.strip_prefix(b"\\\"\"\"").or_else(|| content.get(1..));
        content = next?;
    }
}

/// What follows a string's content and closing quote, on the same line.
fn after_line(mut content: &[u8]) -> Option<&[u8]> {
    loop {
        let (first, rest) = content.split_first()?;
        content = match first {
            b'"' => return Some(rest),
            b'\n' | b'\r' => return None,
            b'\\' => rest.get(1..)?,
            _ => rest,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        Tokens(text.as_bytes()).collect()
    }

    #[test]
    fn tokens_are_cut_as_the_specification_cuts_them() {
        let cases = [
            ("", 0),
            (" ,\t\r\n # { a comment } \" \n", 0),
            ("{ a }", 3),
            ("{a:b(c:$d,e:-1.5e+3)...F@g}", 18),
            ("query($a:[Int!]!=[1]){a}", 18),
            (r#"(a: "no [ \" bracket" b: "")"#, 8),
            ("(a: \"\"\"no [ \\\"\"\" \n bracket\"\"\")", 5),
            ("...on A", 3),
            ("\"a\"#\"\n\"b\"", 2),
        ];
        for (text, count) in cases {
            assert_eq!(tokens(text).len(), count, "{text}: {:?}", tokens(text));
            assert!(!tokens(text).contains(&Token::Unended), "{text}");
        }
        assert_eq!(tokens("{[("), [Token::Open; 3]);
        assert_eq!(tokens(")]}"), [Token::Close; 3]);
    }

    #[test]
    fn a_string_without_an_end_hides_nothing() {
        // The parser would take the first two quotes for an empty string, and go on.
        for text in ["\"\"\"\" [[[[", "\"a", "\"a\\", "\"a\n\"", "\"\"\"a\"\"", "\"\"\"a\\\"\"\""] {
            assert!(tokens(text).contains(&Token::Unended), "{text}");
            assert!(check(text, &Limits::default()).is_err());
        }
    }

    #[test]
    fn what_is_let_through_can_be_parsed() {
        let nested = |open: &str, close: &str, depth: usize| {
            format!("{{ a(b: {}{}) }}", open.repeat(depth), close.repeat(depth))
        };
        let deepest = usize::try_from(MAX_NESTING).unwrap_or_default();
        for (open, close) in [("[", "]"), ("{c:", "}")] {
            // The two of the field, and for objects the innermost value.
            let inner = if open == "[" { "" } else { "[]" };
            let below = deepest - 2 - inner.len() / 2;
            let text = nested(open, &format!("{inner}{close}"), 1);
            assert!(check(&text, &Limits::default()).is_ok());
            let text = nested(open, close, below).replacen("{c:}", "{c:[]}", 1);
            assert!(check(&text, &Limits::default()).is_ok(), "{text}");
            assert!(async_graphql::parser::parse_query(&text).is_ok(), "{text}");
            assert!(check(&nested(open, close, deepest - 1), &Limits::default()).is_err());
        }
        let selections = format!("{}a{}", "{a".repeat(deepest), "}".repeat(deepest));
        assert!(check(&selections, &Limits::default()).is_ok());
        assert!(async_graphql::parser::parse_query(&selections).is_ok());
        assert!(check(&format!("{{ a {selections} }}"), &Limits::default()).is_err());
    }
}
