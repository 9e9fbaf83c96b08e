//! A WebSocket that speaks graphql-transport-ws.

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// An acknowledged connection.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a connection and says who it is for.
    pub(super) async fn open(address: &str, token: &str) -> anyhow::Result<Self> {
        let mut request = format!("ws://{address}/graphql").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse()?);
        let mut socket = Self(connect_async(request).await?.0);
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        socket.send(&json!({ "type": "connection_init", "payload": payload })).await?;
        let answer = socket.receive().await?;
        ensure!(answer["type"] == "connection_ack", "not acknowledged: {answer}");
        Ok(socket)
    }

    pub(super) async fn subscribe(&mut self, query: &str, variables: Value) -> anyhow::Result<()> {
        let payload = json!({ "query": query, "variables": variables });
        self.send(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await
    }

    /// The sequence number of the next event.
    pub(super) async fn sequence(&mut self) -> anyhow::Result<i64> {
        let message = self.receive().await?;
        let sequence = message["payload"]["data"]["ventureEvents"]["sequence"].as_i64();
        sequence.with_context(|| format!("no event: {message}"))
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    /// The next message; pings are answered while it is waited for.
    async fn receive(&mut self) -> anyhow::Result<Value> {
        while let Some(message) = self.0.next().await {
            match message? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
        bail!("the connection ended")
    }
}
