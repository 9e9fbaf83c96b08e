//! Which foreign pages may call the API from a browser, and what they may send and read.
//!
//! Credentials of the browser (cookies, certificates) are never asked for: a token in a header is all that
//! signs anybody in, so that a page which may call still acts for nobody but the holder of the token it has.

use std::{str::FromStr, time::Duration};

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use super::{REQUEST_ID, request::PREFLIGHT};
use crate::{Profile, Settings};

/// How long a browser may remember the answer to a preflight.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Headers of an answer that a page's script may read, beside those it always may.
const EXPOSED: [HeaderName; 4] = [
    REQUEST_ID,
    header::RETRY_AFTER,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
];

/// Headers that a page's script may send, beside those that show a preflight.
const SENT: [HeaderName; 7] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    REQUEST_ID,
];

/// An origin, or a pattern of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `*`: any.
    Any,
    /// Scheme, host and port, as browsers write them.
    Exact(String),
    /// Scheme and host, with any port: what stands before the colon of the port.
    AnyPort(String),
}

/// What is wrong with an origin.
#[derive(Debug, thiserror::Error)]
#[error("write scheme://host, scheme://host:port, scheme://host:* or *, with the scheme http or https")]
pub struct InvalidOrigin;

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        match text.strip_suffix(":*") {
            // Without its port there must be none left.
            Some(start) if Url::parse(start).is_ok_and(|url| url.port().is_none()) => {
                serialised(start).map(Self::AnyPort)
            }
            Some(_) => Err(InvalidOrigin),
            None => serialised(text).map(Self::Exact),
        }
    }
}

/// An origin as browsers write it: lower case, without the scheme's own port.
fn serialised(text: &str) -> Result<String, InvalidOrigin> {
    let url = Url::parse(text).map_err(|_| InvalidOrigin)?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && !text.ends_with('/')
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare { Ok(url.origin().ascii_serialization()) } else { Err(InvalidOrigin) }
}

impl Origin {
    fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(known) => known == origin,
            Self::AnyPort(known) => origin.strip_prefix(known.as_str()).is_some_and(|rest| {
                let port = rest.strip_prefix(':');
                rest.is_empty() || port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
            }),
        }
    }
}

/// The layer for all routes of the API.
pub(super) fn layer(settings: &Settings) -> CorsLayer {
    let mut origins = settings.cors_origins.clone();
    if origins.is_empty() && settings.profile == Profile::Development {
        origins =
            ["http://localhost", "http://127.0.0.1"].map(|host| Origin::AnyPort(host.to_owned())).into();
    }
    let allowed = if origins.contains(&Origin::Any) {
        AllowOrigin::any()
    } else {
        let allows = move |origin: &HeaderValue| {
            origin.to_str().is_ok_and(|origin| origins.iter().any(|known| known.allows(origin)))
        };
        AllowOrigin::predicate(move |origin, _| allows(origin))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(SENT.into_iter().chain(PREFLIGHT).collect::<Vec<_>>())
        .expose_headers(EXPOSED)
        .max_age(REMEMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_alone() {
        for good in
            ["*", "https://app.example.com", "HTTP://Localhost:3000", "http://localhost:*", "http://[::1]:*"]
        {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "app.example.com",
            "ftp://example.com",
            "https://example.com/",
            "https://example.com/app",
            "https://example.com?x",
            "https://user@example.com",
            "https://*.example.com:80:*",
            "http://localhost:80*",
            "http://localhost:3000:*",
            "null",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_allows_itself_and_a_pattern_any_port() {
        let allows = |pattern: &str, origin: &str| pattern.parse::<Origin>().unwrap().allows(origin);
        assert!(allows("*", "https://anything.example"));
        assert!(allows("HTTPS://App.Example.com:443", "https://app.example.com"));
        assert!(!allows("https://app.example.com", "https://app.example.com:8443"));
        assert!(!allows("https://app.example.com", "http://app.example.com"));
        assert!(!allows("https://app.example.com", "https://app.example.com.evil.example"));
        for origin in ["http://localhost", "http://localhost:3000"] {
            assert!(allows("http://localhost:*", origin), "{origin}");
        }
        for origin in
            ["http://localhost.evil.example", "http://localhost:80.evil.example", "https://localhost:80"]
        {
            assert!(!allows("http://localhost:*", origin), "{origin}");
        }
    }
}
