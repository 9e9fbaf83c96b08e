//! Values that are used and never shown: keys, and addresses that carry a password.
//!
//! What a reader of logs or of a serialised configuration may see is decided here alone; the only way to the
//! value itself is a method called `expose`.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use url::Url;

const HIDDEN: &str = "***";

/// A value that `Debug`, `Display` and `Serialize` write as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one call that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(HIDDEN)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(HIDDEN)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

impl FromStr for Secret<String> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// The text is not an absolute URL. The text itself is left out: it may hold the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a URL: {0}")]
pub struct InvalidUrl(url::ParseError);

/// A URL that is shown with `***` in place of its password and of every secret query parameter.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl {
    // Kept as given: `Url` rewrites what it parses, and drivers read SQLite paths their own way.
    text: String,
    url: Url,
}

impl SecretUrl {
    /// The URL as it was given, for the driver that connects to it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The scheme, such as `postgres` or `amqp`: never secret.
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }
}

impl FromStr for SecretUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text).map_err(InvalidUrl)?;
        Ok(Self { text: text.to_owned(), url })
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        // Fails only on URLs without a host, which have no password.
        if shown.password().is_some() && shown.set_password(Some(HIDDEN)).is_err() {
            return out.write_str(HIDDEN);
        }
        if shown.query().is_some() {
            let query: Vec<String> =
                shown.query_pairs().map(|(name, value)| shown_pair(&name, value)).collect();
            shown.set_query(Some(&query.join("&")));
        }
        out.write_str(shown.as_str())
    }
}

fn shown_pair(name: &str, value: Cow<'_, str>) -> String {
    let lower = name.to_ascii_lowercase();
    let secret = ["password", "secret", "token", "key"].iter().any(|word| lower.contains(word));
    format!("{name}={}", if secret { Cow::Borrowed(HIDDEN) } else { value })
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_stars_everywhere_but_where_it_is_exposed() {
        let secret: Secret<String> = "hunter2".parse().unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""***""#);
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_url_keeps_all_but_its_secrets() {
        let cases = [
            ("postgres://venturi:hunter2@db:5432/venturi", "postgres://venturi:***@db:5432/venturi"),
            ("amqp://guest@mq/%2f", "amqp://guest@mq/%2f"),
            ("postgres://db/x?user=a&password=hunter2", "postgres://db/x?user=a&password=***"),
            ("sqlite://venturi.sqlite?mode=rwc", "sqlite://venturi.sqlite?mode=rwc"),
            ("sqlite::memory:", "sqlite::memory:"),
        ];
        for (given, shown) in cases {
            let url: SecretUrl = given.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(serde_json::to_value(&url).unwrap(), shown);
            assert_eq!(url.expose(), given);
        }
    }

    #[test]
    fn a_malformed_url_is_refused_without_quoting_it() {
        let refused = "hunter2@db/venturi".parse::<SecretUrl>().unwrap_err();
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}
