//! Media types: what an answer may be written as, and what a body may be read as.

use axum::http::{HeaderMap, header};

/// The media type of GraphQL over HTTP.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was good.
    Graphql,
    /// `application/json`: 200 for whatever is well formed.
    Json,
}

/// A media range of an `Accept` header.
struct Range<'a> {
    name: &'a str,
    /// In thousandths, as the header has at most three digits.
    quality: u16,
}

impl Media {
    /// The one the caller prefers: by quality, then what is named before what a wildcard covers, then the
    /// order given; none when it takes neither. What covers both, and no header at all, is JSON.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let values: Vec<_> = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()).collect();
        let accept = values.join(",").to_ascii_lowercase();
        if accept.trim().is_empty() {
            return Some(Self::Json);
        }
        let ranges: Vec<_> = accept.split(',').filter_map(Range::read).collect();
        let wanted = [Self::Json, Self::Graphql].into_iter().filter_map(|media| {
            let (specificity, place, range) = media.best(&ranges)?;
            (range.quality > 0).then_some((media, (range.quality, specificity, std::cmp::Reverse(place))))
        });
        // The first of equals: JSON.
        let best = wanted.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(media, _)| media)
    }

    /// The most specific range that covers this media type, which alone decides about it.
    fn best<'a, 'b>(self, ranges: &'a [Range<'b>]) -> Option<(u8, usize, &'a Range<'b>)> {
        let specificity = |range: &Range<'_>| match range.name {
            name if name == self.essence() => Some(2),
            "application/*" => Some(1),
            "*/*" => Some(0),
            _ => None,
        };
        let covering =
            ranges.iter().enumerate().filter_map(|(place, range)| Some((specificity(range)?, place, range)));
        covering.reduce(|best, next| if next.0 > best.0 { next } else { best })
    }

    fn essence(self) -> &'static str {
        match self {
            Self::Graphql => GRAPHQL_RESPONSE,
            Self::Json => JSON,
        }
    }

    /// The value of an answer's `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

impl<'a> Range<'a> {
    /// None for what is malformed, or wants an encoding that is not ours.
    fn read(text: &'a str) -> Option<Self> {
        let (name, parameters) = essence_and_parameters(text);
        let mut quality = 1000;
        for (parameter, value) in parameters {
            match parameter {
                "q" => quality = thousandths(value)?,
                "charset" if !is_utf8(value) => return None,
                _ => {}
            }
        }
        Some(Self { name, quality })
    }
}

/// `0`, `0.5`, `1.000`: at most three digits after the point, at most one.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// Whether a body is JSON in UTF-8, by its `Content-Type`.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let (name, mut parameters) = essence_and_parameters(&content_type);
    name == JSON && parameters.all(|(parameter, value)| parameter != "charset" || is_utf8(value))
}

fn is_utf8(charset: &str) -> bool {
    matches!(charset, "utf-8" | "utf8")
}

fn essence_and_parameters(text: &str) -> (&str, impl Iterator<Item = (&str, &str)>) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let pairs = parts.filter_map(|part| part.split_once('='));
    (name, pairs.map(|(parameter, value)| (parameter.trim(), value.trim().trim_matches('"'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Media::accepted(&headers)
    }

    #[test]
    fn the_preferred_media_type_is_taken() {
        let (json, graphql) = (Some(Media::Json), Some(Media::Graphql));
        for (accept, media) in [
            ("*/*", json),
            ("application/*", json),
            ("application/json", json),
            ("APPLICATION/JSON; Charset=UTF-8", json),
            ("application/graphql-response+json", graphql),
            ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", graphql),
            ("application/json, application/graphql-response+json", json),
            ("application/json;q=0.9, application/graphql-response+json", graphql),
            ("application/graphql-response+json;q=0.5, application/json;q=0.501", json),
            ("application/graphql-response+json, */*;q=0.1", graphql),
            ("*/*, application/graphql-response+json", graphql),
            ("text/html, */*;q=0.8", json),
            ("application/json;q=0, */*", graphql),
            ("application/json;q=0, application/*;q=0.2", graphql),
            ("text/html, application/graphql-response+json;q=0.001", graphql),
            ("", json),
            ("text/html", None),
            ("application/json;q=0", None),
            ("*/*;q=0", None),
            ("application/json;q=2", None),
            ("application/json; charset=utf-16", None),
            ("application/jsonp", None),
        ] {
            assert_eq!(accepted(accept), media, "{accept}");
        }
        assert_eq!(Media::accepted(&HeaderMap::new()), json);
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "text/html".parse().unwrap());
        headers.append(header::ACCEPT, "application/graphql-response+json".parse().unwrap());
        assert_eq!(Media::accepted(&headers), Some(Media::Graphql));
    }

    #[test]
    fn json_in_another_encoding_is_not_read() {
        for (content_type, good) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("Application/JSON;charset=\"utf-8\"", true),
            ("application/json; profile=x", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/graphql", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            assert_eq!(is_json(&headers), good, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
