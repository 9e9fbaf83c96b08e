//! Texts that people write: lengths in characters, trimmed, free of control characters.

use crate::Refusal;

/// Checks one line of text: `min..=max` Unicode characters after trimming, no control characters.
pub fn line(field: &str, text: &str, min: usize, max: usize) -> Result<String, Refusal> {
    check(field, text, min, max, |c| c.is_control())
}

/// Checks a text that may have line breaks and tabs.
pub fn prose(field: &str, text: &str, min: usize, max: usize) -> Result<String, Refusal> {
    check(field, text, min, max, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn check(
    field: &str,
    text: &str,
    min: usize,
    max: usize,
    forbidden: impl Fn(char) -> bool,
) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().any(forbidden) {
        return Err(Refusal::invalid(field, format!("{field} holds a control character")));
    }
    match text.chars().count() {
        n if n < min => {
            Err(Refusal::invalid(field, format!("{field} has {n} characters; at least {min} are needed")))
        }
        n if n > max => {
            Err(Refusal::invalid(field, format!("{field} has {n} characters; at most {max} are allowed")))
        }
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_after_trimming() {
        assert_eq!(line("name", "  äöü ", 3, 3), Ok("äöü".to_owned()));
        assert_eq!(line("name", "ab", 3, 5).map_err(|r| r.field), Err(vec!["name".to_owned()]));
        assert!(line("name", "abcdef", 3, 5).is_err());
        assert!(line("name", "a\nb", 1, 5).is_err());
        assert!(prose("note", "a\nb", 1, 5).is_ok());
        assert!(prose("note", "a\0b", 1, 5).is_err());
    }
}
