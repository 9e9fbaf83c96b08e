//! An envelope in AMQP's terms and back. What does not parse is kept and labelled, never dropped.

use std::collections::BTreeMap;

use bytes::Bytes;
use lapin::{
    BasicProperties, Result,
    message::Delivery,
    types::{AMQPValue, FieldTable},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::declare::short;
use crate::{
    Envelope,
    envelope::{MAX_BODY_BYTES, RESERVED_HEADER_PREFIX},
};

const ATTEMPT_HEADER: &str = "x-venturi-attempt";

/// The kind of a message that names none.
const UNKNOWN_KIND: &str = "unknown";

/// The protocol's "write it to disk".
const PERSISTENT: u8 = 2;

/// Everything of an envelope but its body.
pub(super) fn properties(envelope: &Envelope) -> Result<BasicProperties> {
    let mut headers = FieldTable::default();
    for (name, value) in &envelope.headers {
        headers.insert(short(name)?, AMQPValue::LongString(value.as_str().into()));
    }
    headers.insert(ATTEMPT_HEADER.into(), AMQPValue::LongLongInt(envelope.attempt.into()));
    Ok(BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(envelope.id.to_string().into())
        .with_type(short(&envelope.kind)?)
        .with_headers(headers))
}

/// The envelope of a received message, and why it is none of ours if it is not. What is missing is made up:
/// an id from the body's hash (the same body gives the same id), the kind `unknown`.
pub(super) fn envelope(message: Delivery) -> (Envelope, Option<String>) {
    let Delivery { properties, data, .. } = message;
    let mut faults = Vec::new();
    let id = properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    let id = id.unwrap_or_else(|| {
        faults.push("the message id is missing or no UUID".to_owned());
        id_of(&data)
    });
    let kind = properties.kind().as_ref().map(|kind| kind.as_str()).filter(|kind| !kind.is_empty());
    let kind = kind.map_or_else(
        || {
            faults.push("the type is missing".to_owned());
            UNKNOWN_KIND.to_owned()
        },
        str::to_owned,
    );
    if data.len() > MAX_BODY_BYTES {
        faults.push(format!("the body is larger than {MAX_BODY_BYTES} bytes"));
    }
    let headers = properties.headers().clone().unwrap_or_default();
    let attempt = attempt(&headers).unwrap_or_else(|| {
        faults.push(format!("the header {ATTEMPT_HEADER} is no count"));
        0
    });
    let headers = texts(&headers, &mut faults);
    let malformed = (!faults.is_empty()).then(|| faults.join("; "));
    (Envelope { id, kind, body: Bytes::from(data), headers, attempt }, malformed)
}

fn id_of(body: &[u8]) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let (id, _) = digest.split_at(16);
    Uuid::from_slice(id).unwrap_or_default()
}

/// The sender's own count: 0 when there is none, nothing when it is not a count.
fn attempt(headers: &FieldTable) -> Option<u32> {
    match headers.inner().get(ATTEMPT_HEADER) {
        None => Some(0),
        Some(AMQPValue::LongLongInt(count)) => u32::try_from(*count).ok(),
        Some(AMQPValue::LongInt(count)) => u32::try_from(*count).ok(),
        Some(AMQPValue::LongUInt(count)) => Some(*count),
        Some(_) => None,
    }
}

/// The senders' headers. The broker's own, and values that are not text, are not for us.
fn texts(headers: &FieldTable, faults: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, value) in headers {
        let AMQPValue::LongString(value) = value else { continue };
        if name.as_str().starts_with(RESERVED_HEADER_PREFIX) {
            continue;
        }
        match String::from_utf8(value.as_bytes().to_vec()) {
            Ok(value) => drop(texts.insert(name.to_string(), value)),
            Err(_) => faults.push(format!("the header {name} is not UTF-8")),
        }
    }
    texts
}
