//! Keyset pages: a cursor names the last row seen by its order value and id, so that rows inserted or
//! deleted meanwhile neither repeat nor skip others.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, Utc};
use domain::Refusal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most rows of one page.
pub const MAX_PAGE: u32 = 100;
/// Rows of a page when the caller does not say.
pub const DEFAULT_PAGE: u32 = 20;

/// Which page is asked for: Relay's four arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// So many from the start, or after `after`.
    pub first: Option<u32>,
    /// Cursor of the row before the page.
    pub after: Option<String>,
    /// So many from the end, or before `before`.
    pub last: Option<u32>,
    /// Cursor of the row after the page.
    pub before: Option<String>,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Rows with their cursors, in the order asked for.
    pub rows: Vec<(String, T)>,
    /// Whether there are rows before the page.
    pub has_previous: bool,
    /// Whether there are rows after the page.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// The same page of what `change` makes of its rows.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Page<U> {
        let Self { rows, has_previous, has_next } = self;
        let rows = rows.into_iter().map(|(cursor, row)| (cursor, change(row))).collect();
        Page { rows, has_previous, has_next }
    }
}

/// A page request, checked.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) after: Option<Position>,
    pub(crate) before: Option<Position>,
    pub(crate) backward: bool,
    pub(crate) size: u32,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A time.
    Time,
    /// A text, byte by byte.
    Text,
    /// A whole number.
    Number,
}

/// A row's value of what rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Key {
    #[serde(rename = "t")]
    Time(DateTime<Utc>),
    #[serde(rename = "s")]
    Text(String),
    #[serde(rename = "n")]
    Number(i64),
}

impl Key {
    /// Whether a database can compare it with what rows are ordered by. A cursor is no secret: anybody can
    /// make one up.
    fn fits(&self, sort: Sort) -> bool {
        match (self, sort) {
            (Self::Time(time), Sort::Time) => is_storable(*time),
            (Self::Text(text), Sort::Text) => !text.contains('\0'),
            (Self::Number(_), Sort::Number) => true,
            _ => false,
        }
    }
}

/// Whether both databases hold the time, and sort it right: its year has four digits.
pub fn is_storable(time: DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

/// Where a row stands in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Which list it is, in which order and by which filter.
    #[serde(rename = "l")]
    pub(crate) list: String,
    #[serde(rename = "k")]
    pub(crate) key: Key,
    #[serde(rename = "i")]
    pub(crate) id: Uuid,
}

impl Position {
    /// The cursor: opaque to callers.
    pub(crate) fn cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(field: &str, cursor: &str, (list, sort): (&str, Sort)) -> Result<Self, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let position: Self = bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| Refusal::invalid(field, format!("{field} is no cursor")))?;
        if position.list != list {
            let message = format!("{field} is a cursor of another list, or of another filter or order of it");
            return Err(Refusal::invalid(field, message));
        }
        if !position.key.fits(sort) {
            return Err(Refusal::invalid(field, format!("{field} is no cursor")));
        }
        Ok(position)
    }
}

impl PageRequest {
    /// Checks the request of a page of a list that is ordered by a `sort`.
    pub(crate) fn window(&self, list: &str, sort: Sort) -> Result<Window, Refusal> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Refusal::invalid("last", "first and last cannot be given together"));
        }
        let backward = self.last.is_some();
        let field = if backward { "last" } else { "first" };
        let size = self.first.or(self.last).unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&size) {
            return Err(Refusal::invalid(field, format!("{field} is 1 to {MAX_PAGE}")));
        }
        let position = |field, cursor: &Option<String>| {
            cursor.as_deref().map(|cursor| Position::read(field, cursor, (list, sort))).transpose()
        };
        let (after, before) = (position("after", &self.after)?, position("before", &self.before)?);
        Ok(Window { after, before, backward, size })
    }
}

impl Window {
    /// The page, from up to `size + 1` rows with their cursors, in reading direction.
    pub(crate) fn page<T>(&self, mut rows: Vec<(String, T)>) -> Page<T> {
        let size = self.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        if self.backward {
            rows.reverse();
        }
        let (has_previous, has_next) =
            if self.backward { (more, self.before.is_some()) } else { (self.after.is_some(), more) };
        Page { rows, has_previous, has_next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(key: Key) -> Position {
        Position { list: "this".to_owned(), key, id: Uuid::nil() }
    }

    #[test]
    fn a_window_is_checked() {
        let window = |first, last| {
            let request = PageRequest { first, last, ..PageRequest::default() };
            request.window("this", Sort::Text).map(|window| (window.size, window.backward))
        };
        assert_eq!(window(None, None), Ok((DEFAULT_PAGE, false)));
        assert_eq!(window(Some(100), None), Ok((100, false)));
        assert_eq!(window(None, Some(1)), Ok((1, true)));
        for bad in [window(Some(0), None), window(Some(101), None), window(Some(1), Some(1))] {
            assert!(bad.is_err());
        }
    }

    #[test]
    fn a_cursor_is_of_one_list_alone() {
        let far = DateTime::<Utc>::MAX_UTC;
        let text = |text: &str| position(Key::Text(text.to_owned())).cursor();
        let cases = [
            ("this", Sort::Text, text("Acme"), None),
            ("other", Sort::Text, text("Acme"), Some("another list")),
            ("this", Sort::Number, text("Acme"), Some("no cursor")),
            ("this", Sort::Text, text("A\0"), Some("no cursor")),
            ("this", Sort::Time, position(Key::Time(far)).cursor(), Some("no cursor")),
            ("this", Sort::Text, "x".to_owned(), Some("no cursor")),
            ("this", Sort::Text, String::new(), Some("no cursor")),
        ];
        for (list, sort, cursor, refused) in cases {
            for (field, after) in [("after", true), ("before", false)] {
                let given = Some(cursor.clone());
                let (after, before) = if after { (given, None) } else { (None, given) };
                let request = PageRequest { after, before, ..PageRequest::default() };
                let refusal = request.window(list, sort).err();
                assert_eq!(refusal.is_some(), refused.is_some(), "{list} {sort:?} {cursor}");
                if let (Some(refusal), Some(words)) = (refusal, refused) {
                    assert!(refusal.message.contains(words), "{refusal}");
                    assert_eq!(refusal.field, [field]);
                }
            }
        }
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let window = |backward, after: bool| Window {
            after: after.then(|| position(Key::Number(0))),
            before: None,
            backward,
            size: 2,
        };
        let rows = |numbers: [i32; 3]| numbers.map(|number| (number.to_string(), number)).to_vec();
        let page = window(false, true).page(rows([1, 2, 3]));
        assert_eq!((page.rows.len(), page.has_previous, page.has_next), (2, true, true));
        let page = window(true, false).page(rows([3, 2, 1]));
        assert_eq!(page.rows.iter().map(|(_, row)| *row).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((page.has_previous, page.has_next), (true, false));
    }
}
