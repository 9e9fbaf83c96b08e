//! Keyset pages: a cursor names the last row seen by its order value and id, so that rows inserted or
//! deleted meanwhile neither repeat nor skip others.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Refusal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// The most rows of one page.
pub const MAX_PAGE: u32 = 100;
/// Rows of a page when the caller does not say.
pub const DEFAULT_PAGE: u32 = 20;

/// Which page is asked for: Relay's four arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
pub(crate) struct Window<K> {
    pub(crate) after: Option<Position<K>>,
    pub(crate) before: Option<Position<K>>,
    pub(crate) backward: bool,
    pub(crate) size: u32,
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position<K> {
    #[serde(rename = "k")]
    pub(crate) key: K,
    #[serde(rename = "i")]
    pub(crate) id: Uuid,
}

impl<K: Serialize + DeserializeOwned> Position<K> {
    /// The cursor: opaque to callers.
    pub(crate) fn cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(field: &str, cursor: &str) -> Result<Self, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| Refusal::invalid(field, format!("{field} is no cursor of this list")))
    }
}

impl PageRequest {
    pub(crate) fn window<K: Serialize + DeserializeOwned>(&self) -> Result<Window<K>, Refusal> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Refusal::invalid("last", "first and last cannot be given together"));
        }
        let backward = self.last.is_some();
        let field = if backward { "last" } else { "first" };
        let size = self.first.or(self.last).unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&size) {
            return Err(Refusal::invalid(field, format!("{field} is 1 to {MAX_PAGE}")));
        }
        let after = self.after.as_deref().map(|cursor| Position::read("after", cursor)).transpose()?;
        let before = self.before.as_deref().map(|cursor| Position::read("before", cursor)).transpose()?;
        Ok(Window { after, before, backward, size })
    }
}

impl<K> Window<K> {
    /// The page, from up to `size + 1` rows in reading direction.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> String) -> Page<T> {
        let size = self.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        if self.backward {
            rows.reverse();
        }
        let (has_previous, has_next) =
            if self.backward { (more, self.before.is_some()) } else { (self.after.is_some(), more) };
        Page { rows: rows.into_iter().map(|row| (cursor(&row), row)).collect(), has_previous, has_next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_checked() {
        let window = |first, last, after: Option<&str>| {
            let after = after.map(str::to_owned);
            PageRequest { first, last, after, before: None }.window::<String>().map(|w| (w.size, w.backward))
        };
        assert_eq!(window(None, None, None), Ok((DEFAULT_PAGE, false)));
        assert_eq!(window(Some(100), None, None), Ok((100, false)));
        assert_eq!(window(None, Some(1), None), Ok((1, true)));
        for bad in
            [window(Some(0), None, None), window(Some(101), None, None), window(Some(1), Some(1), None)]
        {
            assert!(bad.is_err());
        }
        assert!(window(None, None, Some("no cursor")).is_err());
        let cursor = Position { key: "Acme".to_owned(), id: Uuid::nil() }.cursor();
        assert_eq!(window(None, None, Some(&cursor)), Ok((DEFAULT_PAGE, false)));
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let window = |backward, after: bool| Window {
            after: after.then(|| Position { key: 0, id: Uuid::nil() }),
            before: None,
            backward,
            size: 2,
        };
        let cursor = |row: &i32| row.to_string();
        let page = window(false, true).page(vec![1, 2, 3], cursor);
        assert_eq!((page.rows.len(), page.has_previous, page.has_next), (2, true, true));
        let page = window(true, false).page(vec![3, 2, 1], cursor);
        assert_eq!(page.rows.iter().map(|(_, row)| *row).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((page.has_previous, page.has_next), (true, false));
    }
}
