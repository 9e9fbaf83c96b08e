//! What an event says, in the three shapes that are taken: the payload that Standard Webhooks recommends, and
//! CloudEvents 1.0 in structured and in binary mode.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};

/// The longest type, in characters.
const MAX_TYPE: usize = 200;
/// How the headers that carry CloudEvents' attributes begin.
const ATTRIBUTE: &str = "ce-";
/// CloudEvents in structured mode: the attributes stand in the body.
const STRUCTURED: &str = "application/cloudevents+json";

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// Its type, such as `metric.sample`.
    pub r#type: String,
    /// When it happened, as its sender says.
    pub time: Option<DateTime<Utc>>,
    /// What it is about; null where it has no data.
    pub data: Value,
}

/// Why an event cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is of a form that is not taken.
    #[error("{0}")]
    Unsupported(String),
    /// It is not of the form that it says.
    #[error("{0}")]
    Malformed(String),
}

impl Payload {
    /// Reads an event. `headers` are in lower case; of them those that begin with `ce-` count.
    pub fn read(
        content_type: &str,
        headers: &BTreeMap<String, String>,
        body: &str,
    ) -> Result<Self, Unreadable> {
        let media = media_type(content_type);
        if media == STRUCTURED {
            return structured(parse(body)?);
        }
        if !is_json(&media) {
            let message = format!("send application/json or {STRUCTURED}, one event at a time");
            return Err(Unreadable::Unsupported(message));
        }
        if headers.keys().any(|name| name.starts_with(ATTRIBUTE)) {
            return binary(headers, parse(body)?);
        }
        standard(parse(body)?)
    }
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Batches are JSON too, and not taken.
fn is_json(media: &str) -> bool {
    let suffixed = media.starts_with("application/") && media.ends_with("+json");
    media == "application/json" || (suffixed && !media.starts_with("application/cloudevents"))
}

fn malformed(message: impl Into<String>) -> Unreadable {
    Unreadable::Malformed(message.into())
}

fn parse(body: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(body).map_err(|error| malformed(format!("the body is no JSON: {error}")))
}

fn object(body: Value) -> Result<Map<String, Value>, Unreadable> {
    match body {
        Value::Object(fields) => Ok(fields),
        _ => Err(malformed("the body is no JSON object")),
    }
}

/// `{"type", "timestamp", "data"}`.
fn standard(body: Value) -> Result<Payload, Unreadable> {
    let mut fields = object(body)?;
    let r#type = checked_type(required("type", text(&fields, "type")?)?)?;
    let time = Some(checked_time("timestamp", required("timestamp", text(&fields, "timestamp")?)?)?);
    let data = required("data", fields.remove("data"))?;
    Ok(Payload { r#type, time, data })
}

fn structured(body: Value) -> Result<Payload, Unreadable> {
    let mut fields = object(body)?;
    let payload = attributes(|name| text(&fields, name).map(|value| value.map(str::to_owned)))?;
    if fields.contains_key("data_base64") {
        return Err(Unreadable::Unsupported("data is taken as JSON, not as data_base64".to_owned()));
    }
    if let Some(kind) = text(&fields, "datacontenttype")?
        && !is_json(&media_type(kind))
    {
        return Err(Unreadable::Unsupported(format!("data is taken as JSON, not as {kind:?}")));
    }
    Ok(Payload { data: fields.remove("data").unwrap_or_default(), ..payload })
}

fn binary(headers: &BTreeMap<String, String>, data: Value) -> Result<Payload, Unreadable> {
    let header = |name: &str| headers.get(&format!("{ATTRIBUTE}{name}"));
    let payload = attributes(|name| header(name).map(|value| unescaped(name, value)).transpose())?;
    Ok(Payload { data, ..payload })
}

/// The context attributes that CloudEvents requires, and the time.
fn attributes(get: impl Fn(&str) -> Result<Option<String>, Unreadable>) -> Result<Payload, Unreadable> {
    let present = |name: &str| match get(name)? {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(malformed(format!("the attribute {name} is missing"))),
    };
    let version = present("specversion")?;
    if version != "1.0" {
        return Err(malformed(format!("specversion is {version:?}, not \"1.0\"")));
    }
    present("id")?;
    present("source")?;
    let r#type = checked_type(&present("type")?)?;
    let time = get("time")?.map(|time| checked_time("time", &time)).transpose()?;
    Ok(Payload { r#type, time, data: Value::Null })
}

/// A header's value, in which CloudEvents writes what is not printable ASCII as `%XX` of its UTF-8.
fn unescaped(name: &str, value: &str) -> Result<String, Unreadable> {
    let bad = || malformed(format!("the attribute {name} is not percent-encoded UTF-8"));
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, tail) = rest.split_first_chunk::<2>().ok_or_else(bad)?;
        let mut decoded = [0];
        hex::decode_to_slice(digits, &mut decoded).map_err(|_| bad())?;
        bytes.extend(decoded);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, Unreadable> {
    value.ok_or_else(|| malformed(format!("{name} is missing")))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Unreadable> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(format!("{name} is no text"))),
    }
}

fn checked_type(r#type: &str) -> Result<String, Unreadable> {
    let good = (1..=MAX_TYPE).contains(&r#type.chars().count()) && !r#type.contains(char::is_control);
    if good { Ok(r#type.to_owned()) } else { Err(malformed(format!("type is 1 to {MAX_TYPE} characters"))) }
}

/// To the microsecond, as everything is kept, and in a year of four digits.
fn checked_time(name: &str, time: &str) -> Result<DateTime<Utc>, Unreadable> {
    use chrono::SubsecRound;
    let time = DateTime::parse_from_rfc3339(time).map(|time| time.to_utc().trunc_subsecs(6));
    match time {
        Ok(time) if (0..=9999).contains(&time.year()) => Ok(time),
        _ => Err(malformed(format!("{name} is no time of RFC 3339, such as 2026-03-02T09:00:00Z"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const CE: [(&str, &str); 4] =
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/ci"), ("ce-type", "metric.sample")];

    fn payload(time: Option<&str>, data: Value) -> Payload {
        let time = time.map(|time| time.parse().unwrap());
        Payload { r#type: "metric.sample".to_owned(), time, data }
    }

    #[test]
    fn three_shapes_say_the_same() {
        let time = Some("2026-03-02T09:00:00Z");
        let body = json!({ "type": "metric.sample", "timestamp": "2026-03-02T10:00:00+01:00", "data": 7 });
        let read = Payload::read("application/json; charset=utf-8", &headers(&[]), &body.to_string());
        assert_eq!(read, Ok(payload(time, json!(7))));
        let body = json!({ "specversion": "1.0", "id": "1", "source": "/ci", "type": "metric.sample",
                           "time": "2026-03-02T09:00:00Z", "datacontenttype": "application/json",
                           "traceparent": "an extension", "data": 7 });
        let read = Payload::read("Application/CloudEvents+JSON", &headers(&[]), &body.to_string());
        assert_eq!(read, Ok(payload(time, json!(7))));
        let read = Payload::read("application/json", &headers(&CE), "7");
        assert_eq!(read, Ok(payload(None, json!(7))));
        let mut escaped = headers(&CE);
        escaped.insert("ce-type".to_owned(), "%6Detric.sample".to_owned());
        assert_eq!(Payload::read("application/vnd.x+json", &escaped, "7"), Ok(payload(None, json!(7))));
    }

    #[test]
    fn what_is_required_is_asked_for() {
        for missing in ["type", "timestamp", "data"] {
            let mut body = json!({ "type": "t", "timestamp": "2026-03-02T09:00:00Z", "data": {} });
            body.as_object_mut().unwrap().remove(missing);
            let read = Payload::read("application/json", &headers(&[]), &body.to_string());
            assert_eq!(read, Err(malformed(format!("{missing} is missing"))));
        }
        for missing in ["specversion", "id", "source", "type"] {
            let mut body = json!({ "specversion": "1.0", "id": "1", "source": "/ci", "type": "t" });
            body.as_object_mut().unwrap().remove(missing);
            let wanted = Err(malformed(format!("the attribute {missing} is missing")));
            assert_eq!(Payload::read(STRUCTURED, &headers(&[]), &body.to_string()), wanted);
            let mut attributes = headers(&CE);
            attributes.remove(&format!("ce-{missing}"));
            assert_eq!(Payload::read("application/json", &attributes, "{}"), wanted);
        }
    }

    #[test]
    fn other_forms_are_not_taken() {
        for media in ["", "text/plain", "application/cloudevents-batch+json", "application/xml", "json"] {
            let read = Payload::read(media, &headers(&[]), "[]");
            assert!(matches!(read, Err(Unreadable::Unsupported(_))), "{media}: {read:?}");
        }
        let base = json!({ "specversion": "1.0", "id": "1", "source": "/ci", "type": "t" });
        for (name, value) in [("data_base64", "AA=="), ("datacontenttype", "text/xml")] {
            let mut body = base.clone();
            body[name] = json!(value);
            let read = Payload::read(STRUCTURED, &headers(&[]), &body.to_string());
            assert!(matches!(read, Err(Unreadable::Unsupported(_))), "{name}: {read:?}");
        }
        let standard = |r#type: &str, time: &str| {
            let body = json!({ "type": r#type, "timestamp": time, "data": {} });
            Payload::read("application/json", &headers(&[]), &body.to_string())
        };
        let time = "2026-03-02T09:00:00Z";
        assert!(standard("t", time).is_ok());
        for (r#type, time) in
            [("", time), (&*"x".repeat(201), time), ("a\nb", time), ("t", "yesterday"), ("t", "2026-03-02")]
        {
            assert!(matches!(standard(r#type, time), Err(Unreadable::Malformed(_))), "{type:?} {time}");
        }
        for (media, body) in [
            ("application/json", "{"),
            ("application/json", "[]"),
            (STRUCTURED, "7"),
            (STRUCTURED, "{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"/\",\"type\":\"t\"}"),
            (STRUCTURED, "{\"specversion\":\"1.0\",\"id\":1,\"source\":\"/\",\"type\":\"t\"}"),
        ] {
            let read = Payload::read(media, &headers(&[]), body);
            assert!(matches!(read, Err(Unreadable::Malformed(_))), "{media} {body}: {read:?}");
        }
        for bad in ["%", "%4", "%zz", "%ff"] {
            let mut attributes = headers(&CE);
            attributes.insert("ce-id".to_owned(), bad.to_owned());
            assert!(Payload::read("application/json", &attributes, "{}").is_err(), "{bad}");
        }
    }
}
