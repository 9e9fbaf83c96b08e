//! The messages of graphql-transport-ws, read and written to the letter of its PROTOCOL.md, and the codes
//! with which a connection is closed. What a message means in its place is not known here.

use async_graphql::{Request, Response as Answer, ServerError};
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::request;

/// What a client may attach to a message that is not about an operation.
pub(super) type Payload = Option<Map<String, Value>>;

/// The longest id of an operation, in bytes: each is kept, and repeated in every message about it.
const MAX_ID: usize = 256;
/// The longest reason that fits into a close frame, in bytes.
const MAX_REASON: usize = 123;

/// What a client says.
#[derive(Debug)]
pub(super) enum Incoming {
    /// Who it is.
    ConnectionInit(Payload),
    /// Are you there?
    Ping(Payload),
    /// I am there.
    Pong,
    /// Run this.
    Subscribe { id: String, request: Box<Request> },
    /// Enough of that.
    Complete { id: String },
}

/// What the gateway says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outgoing {
    /// Welcome.
    ConnectionAck,
    /// I am there, with whatever the ping brought.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Payload,
    },
    /// One answer of an operation.
    Next { id: String, payload: Box<Answer> },
    /// Why an operation does not run. Nothing more is said of it.
    Error { id: String, payload: Vec<ServerError> },
    /// An operation is over.
    Complete { id: String },
}

impl Outgoing {
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Why a connection is closed, as its client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Closing {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The process stops: a client of the reference connects again, elsewhere.
    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    pub(super) fn too_big() -> Self {
        Self::new(1009, "Message too big")
    }

    /// Not now; a client of the reference tries again.
    pub(super) fn try_again_later() -> Self {
        Self::new(1013, "Try again later")
    }

    fn invalid_message(why: &str) -> Self {
        let mut reason = format!("Invalid message received: {why}");
        reason.truncate(reason.floor_char_boundary(MAX_REASON));
        Self::new(4400, reason)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(4403, "Forbidden")
    }

    pub(super) fn subprotocol_not_acceptable() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    pub(super) fn initialisation_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    pub(super) fn subscriber_exists(id: &str) -> Self {
        let reason = format!("Subscriber for {id} already exists");
        let fits = reason.len() <= MAX_REASON;
        Self::new(4409, if fits { reason } else { "Subscriber already exists".to_owned() })
    }

    pub(super) fn too_many_initialisations() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub(super) fn internal_error() -> Self {
        Self::new(4500, "Internal server error")
    }
}

impl Incoming {
    /// Reads a message; one that the protocol does not know closes the connection.
    pub(super) fn read(text: &[u8]) -> Result<Self, Closing> {
        let Ok(message) = serde_json::from_slice(text) else { return Err(invalid("it is not JSON")) };
        let Value::Object(mut message) = message else { return Err(invalid("it is not an object")) };
        let Some(Value::String(kind)) = message.remove("type") else {
            return Err(invalid("its type is not a string"));
        };
        match kind.as_str() {
            "connection_init" => Ok(Self::ConnectionInit(payload(&mut message)?)),
            "ping" => Ok(Self::Ping(payload(&mut message)?)),
            "pong" => payload(&mut message).map(|_| Self::Pong),
            "subscribe" => {
                let (id, request) = (id(&mut message)?, Box::new(request(&mut message)?));
                Ok(Self::Subscribe { id, request })
            }
            "complete" => Ok(Self::Complete { id: id(&mut message)? }),
            _ => Err(invalid("a client says nothing of this type")),
        }
    }
}

fn invalid(why: &str) -> Closing {
    Closing::invalid_message(why)
}

fn id(message: &mut Map<String, Value>) -> Result<String, Closing> {
    match message.remove("id") {
        Some(Value::String(id)) if id.len() > MAX_ID => Err(invalid("its id has more than 256 bytes")),
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(invalid("its id is not a string of at least one character")),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Payload, Closing> {
    match message.remove("payload") {
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(invalid("its payload is not an object")),
    }
}

fn request(message: &mut Map<String, Value>) -> Result<Request, Closing> {
    let Some(Value::Object(payload)) = message.remove("payload") else {
        return Err(invalid("its payload is not an object"));
    };
    // The protocol wants a query, be it empty; a document asked for by its id needs none.
    if !payload.get("query").is_some_and(Value::is_string) && !payload.contains_key("documentId") {
        return Err(invalid("its query is not a string"));
    }
    request::typed(payload).map_err(|refused| invalid(refused.message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: &Value) -> Result<Incoming, Closing> {
        Incoming::read(message.to_string().as_bytes())
    }

    #[test]
    fn what_the_protocol_knows_is_read() {
        let init = read(&json!({ "type": "connection_init", "payload": { "Authorization": "x" } })).unwrap();
        assert!(matches!(init, Incoming::ConnectionInit(Some(payload)) if payload["Authorization"] == "x"));
        for message in
            [json!({ "type": "connection_init" }), json!({ "type": "connection_init", "payload": null })]
        {
            assert!(matches!(read(&message), Ok(Incoming::ConnectionInit(None))), "{message}");
        }
        assert!(matches!(read(&json!({ "type": "ping" })), Ok(Incoming::Ping(None))));
        assert!(matches!(read(&json!({ "type": "pong", "payload": {} })), Ok(Incoming::Pong)));
        assert!(
            matches!(read(&json!({ "type": "complete", "id": "7" })), Ok(Incoming::Complete { id }) if id == "7")
        );
    }

    #[test]
    fn a_request_is_read_whole_and_null_is_as_good_as_absent() {
        let payload = json!({
            "query": "query A($n: Int) { a(n: $n) }", "operationName": "A", "variables": { "n": 3 },
            "extensions": { "dryRun": true }, "unknown": 1,
        });
        let message = json!({ "type": "subscribe", "id": "a", "payload": payload });
        let Ok(Incoming::Subscribe { id, request }) = read(&message) else { panic!("{message}") };
        assert_eq!((id.as_str(), request.operation_name.as_deref()), ("a", Some("A")));
        assert_eq!(serde_json::to_value(&request.variables).unwrap(), json!({ "n": 3 }));
        assert_eq!(serde_json::to_value(&request.extensions).unwrap(), json!({ "dryRun": true }));
        let payload = json!({ "query": "", "operationName": null, "variables": null, "extensions": null });
        let message = json!({ "type": "subscribe", "id": "a", "payload": payload });
        let Ok(Incoming::Subscribe { request, .. }) = read(&message) else { panic!("{message}") };
        assert_eq!((request.query.as_str(), request.operation_name), ("", None));
    }

    #[test]
    fn anything_else_is_4400_with_its_reason() {
        let subscribe = |payload: Value| json!({ "type": "subscribe", "id": "a", "payload": payload });
        let cases = [
            (json!([]), "object"),
            (json!("ping"), "object"),
            (json!({}), "type"),
            (json!({ "type": 1 }), "type"),
            (json!({ "type": "start", "id": "a" }), "type"),
            // What only a server says.
            (json!({ "type": "connection_ack" }), "type"),
            (json!({ "type": "next", "id": "a", "payload": {} }), "type"),
            (json!({ "type": "error", "id": "a", "payload": [] }), "type"),
            (json!({ "type": "connection_init", "payload": [] }), "payload"),
            (json!({ "type": "ping", "payload": "x" }), "payload"),
            (json!({ "type": "pong", "payload": 1 }), "payload"),
            (json!({ "type": "complete" }), "id"),
            (json!({ "type": "complete", "id": "" }), "id"),
            (json!({ "type": "complete", "id": 1 }), "id"),
            (json!({ "type": "subscribe", "payload": { "query": "{ a }" } }), "id"),
            (json!({ "type": "subscribe", "id": "a".repeat(257), "payload": { "query": "{ a }" } }), "id"),
            (json!({ "type": "subscribe", "id": "a" }), "payload"),
            (subscribe(json!(null)), "payload"),
            (subscribe(json!({})), "query"),
            (subscribe(json!({ "query": null })), "query"),
            (subscribe(json!({ "query": "{ a }", "operationName": 1 })), "operationName"),
            (subscribe(json!({ "query": "{ a }", "variables": [] })), "variables"),
            (subscribe(json!({ "query": "{ a }", "extensions": "x" })), "extensions"),
        ];
        for (message, about) in cases {
            let Closing { code, reason } = read(&message).err().unwrap_or_else(|| panic!("{message}"));
            assert_eq!(code, 4400, "{message}");
            assert!(reason.starts_with("Invalid message received: ") && reason.contains(about), "{reason}");
        }
        for bytes in [&b"{"[..], b"", b"{\"type\":\"ping\"} x", b"\xff"] {
            assert_eq!(Incoming::read(bytes).unwrap_err().code, 4400, "{bytes:?}");
        }
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        assert_eq!(Closing::subscriber_exists("a").reason, "Subscriber for a already exists");
        assert_eq!(Closing::subscriber_exists(&"ä".repeat(100)).reason, "Subscriber already exists");
        let long = Closing::invalid_message(&"ä".repeat(100)).reason;
        assert!(long.len() <= MAX_REASON && long.ends_with('ä'), "{long}");
    }

    #[test]
    fn messages_are_written_as_the_protocol_spells_them() {
        assert_eq!(Outgoing::ConnectionAck.text(), r#"{"type":"connection_ack"}"#);
        assert_eq!(Outgoing::Pong { payload: None }.text(), r#"{"type":"pong"}"#);
        let payload = json!({ "at": 1 }).as_object().cloned();
        assert_eq!(Outgoing::Pong { payload }.text(), r#"{"type":"pong","payload":{"at":1}}"#);
        let id = || "7".to_owned();
        assert_eq!(Outgoing::Complete { id: id() }.text(), r#"{"type":"complete","id":"7"}"#);
        let payload = vec![ServerError::new("no", None)];
        assert_eq!(
            Outgoing::Error { id: id(), payload }.text(),
            r#"{"type":"error","id":"7","payload":[{"message":"no"}]}"#
        );
        // Keys stand in the order asked for, not in that of the alphabet.
        let data: async_graphql::Value = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
        assert_eq!(
            Outgoing::Next { id: id(), payload: Box::new(Answer::new(data)) }.text(),
            r#"{"type":"next","id":"7","payload":{"data":{"b":1,"a":2}}}"#
        );
    }
}
