//! From HTTP to requests: what is a well-formed GraphQL request, one or several, and what is refused before
//! it is looked at.

use std::any::TypeId;

use async_graphql::{Extensions, Request, Variables};
use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use serde_json::{Map, Value};

use super::media;
use crate::operation::DocumentId;

/// A request that is not run.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

/// What a body holds.
pub(super) enum Asked {
    /// One request.
    One(Box<Request>),
    /// A batch, within its limit. An entry that is no request is refused alone.
    Several(Vec<Result<Request, Refused>>),
}

impl Refused {
    pub(super) fn bad(message: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BAD_REQUEST", message }
    }
}

/// Reads a body: JSON, one request.
pub(super) fn one(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Request, Refused> {
    match any(headers, body, 0)? {
        Asked::One(request) => Ok(*request),
        Asked::Several(_) => Err(Refused::bad(ONE_ONLY)),
    }
}

const ONE_ONLY: &str = "batches are not accepted: send one request";

/// Reads a body: JSON, one request or a batch of at most so many.
pub(super) fn any(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    max_batch: usize,
) -> Result<Asked, Refused> {
    let unsupported = |message| Refused {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code: "UNSUPPORTED_MEDIA_TYPE",
        message,
    };
    // Whatever a page may send without asking first (text, forms) is refused here, and so cannot be forged.
    if !media::is_json(headers) {
        return Err(unsupported("send application/json in UTF-8"));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("send the body as it is, without a content encoding"));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        status @ StatusCode::PAYLOAD_TOO_LARGE => {
            Refused { status, code: "PAYLOAD_TOO_LARGE", message: "the body is too large" }
        }
        _ => Refused::bad("the body could not be read"),
    })?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(fields)) => request(fields).map(|request| Asked::One(Box::new(request))),
        Ok(Value::Array(entries)) => several(entries, max_batch).map(Asked::Several),
        Ok(_) => Err(Refused::bad("the body is not a JSON object")),
        Err(_) => Err(Refused::bad("the body is not JSON")),
    }
}

fn several(entries: Vec<Value>, max_batch: usize) -> Result<Vec<Result<Request, Refused>>, Refused> {
    if max_batch == 0 {
        return Err(Refused::bad(ONE_ONLY));
    }
    if entries.is_empty() {
        return Err(Refused::bad("the batch is empty"));
    }
    if entries.len() > max_batch {
        let message = "the batch has more requests than are accepted at once";
        return Err(Refused { status: StatusCode::BAD_REQUEST, code: "BATCH_TOO_LARGE", message });
    }
    let entries = entries.into_iter().map(|entry| match entry {
        Value::Object(fields) => Ok(request(fields)),
        _ => Err(Refused::bad("the batch has an entry that is not a JSON object")),
    });
    entries.collect()
}

/// Reads the parameters of a GET.
pub(super) fn parameters(query: &str) -> Result<Request, Refused> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match &*name {
            "query" | "documentId" => Value::String(value.into_owned()),
            // Left empty is left out.
            "operationName" | "variables" | "extensions" if value.is_empty() => continue,
            "operationName" => Value::String(value.into_owned()),
            "variables" => parsed(&value, "variables is not JSON")?,
            "extensions" => parsed(&value, "extensions is not JSON")?,
            _ => continue,
        };
        if fields.insert(name.into_owned(), value).is_some() {
            return Err(Refused::bad("a parameter is given twice"));
        }
    }
    request(fields)
}

fn parsed(json: &str, otherwise: &'static str) -> Result<Value, Refused> {
    serde_json::from_str(json).map_err(|_| Refused::bad(otherwise))
}

/// The request of a JSON object. Other fields than those of a request are passed over.
fn request(fields: Map<String, Value>) -> Result<Request, Refused> {
    let request = typed(fields)?;
    let blank = request.query.trim().is_empty();
    let by_id = request.data.contains_key(&TypeId::of::<DocumentId>());
    if blank && !by_id && !request.extensions.contains_key("persistedQuery") {
        return Err(Refused::bad("query is missing"));
    }
    Ok(request)
}

/// The same, whether or not it asks for anything.
pub(super) fn typed(mut fields: Map<String, Value>) -> Result<Request, Refused> {
    let mut text = |name, otherwise| match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refused::bad(otherwise)),
    };
    let query = text("query", "query is not a string")?.filter(|query| !query.trim().is_empty());
    let document_id = text("documentId", "documentId is not a string")?;
    let operation_name = text("operationName", "operationName is not a string")?;
    let mut object = |name, otherwise| match fields.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(Refused::bad(otherwise)),
    };
    let variables = object("variables", "variables is not an object")?;
    let extensions = object("extensions", "extensions is not an object")?;
    let mut request = Request::new(query.unwrap_or_default());
    request.operation_name = operation_name;
    request.variables = Variables::from_json(variables.into());
    request.extensions = serde_json::from_value::<Extensions>(extensions.into()).unwrap_or_default();
    Ok(match document_id {
        Some(id) => request.data(DocumentId(id)),
        None => request,
    })
}

/// Headers that a page cannot send to another origin without asking first, as the specification and the
/// clients of Apollo name them; and the one that libraries of browsers have long sent.
pub(super) const PREFLIGHT: [HeaderName; 3] = [
    HeaderName::from_static("graphql-require-preflight"),
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("x-requested-with"),
];

/// Refuses a request that a foreign page could have made its visitor's browser send.
pub(super) fn preflighted(headers: &HeaderMap) -> Result<(), Refused> {
    if PREFLIGHT.iter().any(|name| headers.get(name).is_some_and(|value| !value.is_empty())) {
        return Ok(());
    }
    Err(Refused {
        status: StatusCode::FORBIDDEN,
        code: "PREFLIGHT_REQUIRED",
        message: "send a GET with the header graphql-require-preflight, or POST",
    })
}
