//! Subscriptions over WebSocket, spoken as graphql-transport-ws.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testing::world::PATIENCE;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

use crate::gateway::Gateway;

/// One connection.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// What came over a connection.
#[derive(Debug, PartialEq)]
pub(crate) enum Came {
    Message(Value),
    Closed(u16),
}

impl Socket {
    /// Connects, and signs in as a role of the demo portfolio.
    pub(crate) async fn signed_in(gateway: &Gateway, role: &str) -> Self {
        let mut socket = Self::open(gateway, PROTOCOL).await.unwrap();
        let authorization = format!("Bearer {}", gateway.token(role).unwrap());
        socket.say(json!({ "type": "connection_init", "payload": { "Authorization": authorization } })).await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket
    }

    /// What comes first of a request: an answer, or its errors.
    pub(crate) async fn ask(&mut self, request: &Value) -> Value {
        self.say(json!({ "type": "subscribe", "id": "asked", "payload": request })).await;
        let message = self.message().await;
        match message["type"].as_str() {
            Some("error") => json!({ "errors": message["payload"] }),
            _ => message["payload"].clone(),
        }
    }

    /// Connects to a server of the gateway that listens for as long as the test runs.
    pub(crate) async fn open(gateway: &Gateway, protocol: &'static str) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = gateway.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(request, stream).await.map_err(|error| error.to_string())?;
        Ok(Self(socket))
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn hear(&mut self) -> Came {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            match next.expect("a message before the end").unwrap() {
                Message::Text(text) => return Came::Message(serde_json::from_str(text.as_str()).unwrap()),
                Message::Close(frame) => {
                    return Came::Closed(frame.map_or(1005, |frame| CloseCode::into(frame.code)));
                }
                _ => {}
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Value {
        match self.hear().await {
            Came::Message(message) => message,
            Came::Closed(code) => panic!("closed with {code}"),
        }
    }
}

pub(crate) const PROTOCOL: &str = "graphql-transport-ws";

#[tokio::test]
async fn a_connection_begins_subscribes_and_ends() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Over a socket").await;
    let mut socket = Socket::open(&gateway, PROTOCOL).await.unwrap();
    let authorization = format!("Bearer {}", gateway.token("VIEWER").unwrap());
    socket.say(json!({ "type": "connection_init", "payload": { "Authorization": authorization } })).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await["type"], "pong");
    let query = format!("subscription {{ ventureEvents(ventureId: {venture:?}) {{ sequence }} }}");
    socket.say(json!({ "type": "subscribe", "id": "1", "payload": { "query": query } })).await;
    for sequence in 1..=2 {
        let expected = json!({ "ventureEvents": { "sequence": sequence } });
        let next = socket.message().await;
        assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("1")));
        assert_eq!(next["payload"]["data"], expected);
    }
    let input = json!({ "ventureId": venture, "reason": "Waiting for spring." });
    gateway.change("LEAD", "pauseVenture", "venture { id }", input).await;
    assert_eq!(socket.message().await["payload"]["data"]["ventureEvents"]["sequence"], 3);
    socket.say(json!({ "type": "complete", "id": "1" })).await;
    // A query beside it is one answer and its end.
    let query = "{ viewer { handle } }";
    socket.say(json!({ "type": "subscribe", "id": "2", "payload": { "query": query } })).await;
    let mut next = socket.message().await;
    if next["id"] == "1" {
        // The server may say that it ended too; callers pass over what is said of a subscription they left.
        assert_eq!(next["type"], "complete");
        next = socket.message().await;
    }
    assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("2")));
    assert_eq!(next["payload"]["data"]["viewer"]["handle"], "demo.viewer");
    assert_eq!(socket.message().await, json!({ "type": "complete", "id": "2" }));
}

#[tokio::test]
async fn a_connection_without_a_good_token_is_closed() {
    let gateway = Gateway::open().await;
    for payload in [json!({}), json!({ "Authorization": "Bearer venturi_unknown" })] {
        let mut socket = Socket::open(&gateway, PROTOCOL).await.unwrap();
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, Came::Closed(4403), "{payload}");
    }
    let mut socket = Socket::open(&gateway, PROTOCOL).await.unwrap();
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.hear().await, Came::Closed(4403));
}

#[tokio::test]
async fn the_older_protocol_is_not_spoken() {
    let gateway = Gateway::open().await;
    let refused = Socket::open(&gateway, "graphql-ws").await.err().unwrap();
    assert!(refused.contains("400"), "{refused}");
}
