//! What travels: one message with its identity and context, and where it is to go.
//!
//! Bodies are opaque here; nothing in this module may look inside one.

use std::collections::BTreeMap;

use bytes::Bytes;
use uuid::Uuid;

/// The largest body either transport carries, in bytes (1 MiB).
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The largest sum of header names and values, in bytes (16 KiB): they share one frame.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// What AMQP allows for a name, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Names the transports keep to themselves: the broker adds its own under this prefix.
pub(crate) const RESERVED_HEADER_PREFIX: &str = "x-";

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The message's identity, the same for every delivery and retry.
    pub id: Uuid,
    /// Its versioned name, `decide_gate.v1`; also its routing key.
    pub kind: String,
    /// JSON, at most [`MAX_BODY_BYTES`].
    pub body: Bytes,
    /// Context such as `traceparent`, at most [`MAX_HEADER_BYTES`]. Names beginning with `x-` are refused.
    pub headers: BTreeMap<String, String>,
    /// How often the sender retried it already, by the sender's own count; 0 at first.
    pub attempt: u32,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// To every queue bound to the message's kind.
    Kind,
    /// To one queue, by its short name: retries and replays.
    Queue(&'a str),
}

impl Envelope {
    /// A first attempt without headers.
    pub fn new(id: Uuid, kind: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { id, kind: kind.into(), body: body.into(), headers: BTreeMap::new(), attempt: 0 }
    }

    /// Whether both transports can carry it, with the reason why not.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.kind.is_empty() || self.kind.len() > MAX_NAME_BYTES {
            return Err(format!("the kind must have 1 to {MAX_NAME_BYTES} bytes"));
        }
        if self.body.len() > MAX_BODY_BYTES {
            return Err(format!("the body is larger than {MAX_BODY_BYTES} bytes"));
        }
        if let Some(name) = self.headers.keys().find(|name| !may_name_header(name)) {
            return Err(format!("the header name {name:?} is empty, too long or reserved"));
        }
        if self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_HEADER_BYTES
        {
            return Err(format!("the headers are larger than {MAX_HEADER_BYTES} bytes"));
        }
        Ok(())
    }
}

fn may_name_header(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with(RESERVED_HEADER_PREFIX)
}
