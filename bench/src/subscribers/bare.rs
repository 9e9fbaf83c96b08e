//! The limit: a server that passes an event on to the same sockets in the same messages, and does no more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
    routing::any,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::broadcast};

/// Numbers and listeners, by venture.
type Topics = Arc<Mutex<HashMap<String, (i64, broadcast::Sender<i64>)>>>;

pub(super) struct Bare {
    pub(super) address: String,
    topics: Topics,
}

pub(super) async fn serve() -> anyhow::Result<Bare> {
    let topics = Topics::default();
    let routes = Router::new().route("/graphql", any(upgrade)).with_state(Arc::clone(&topics));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(Bare { address, topics })
}

impl Bare {
    /// Sends the venture's next event; gives its number.
    pub(super) async fn publish(&self, venture: &str) -> anyhow::Result<i64> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, listeners) = topics.entry(venture.to_owned()).or_insert_with(topic);
        *number += 1;
        listeners.send(*number)?;
        Ok(*number)
    }
}

fn topic() -> (i64, broadcast::Sender<i64>) {
    (2, broadcast::channel(1_024).0)
}

async fn upgrade(upgrade: WebSocketUpgrade, State(topics): State<Topics>) -> Response {
    upgrade.protocols(["graphql-transport-ws"]).on_upgrade(|socket| async move {
        // A client that is gone needs nothing more.
        drop(converse(socket, topics).await);
    })
}

async fn converse(mut socket: WebSocket, topics: Topics) -> anyhow::Result<()> {
    let mut events = None;
    loop {
        tokio::select! {
            message = socket.recv() => {
                let Some(Ok(Message::Text(text))) = message else { return Ok(()) };
                let message: Value = serde_json::from_str(&text)?;
                if message["type"] == "connection_init" {
                    socket.send(Message::text(json!({ "type": "connection_ack" }).to_string())).await?;
                } else if let Some(id) = message["payload"]["variables"]["id"].as_str() {
                    let mut topics = topics.lock().unwrap_or_else(PoisonError::into_inner);
                    events = Some(topics.entry(id.to_owned()).or_insert_with(topic).1.subscribe());
                }
            }
            number = next(&mut events) => {
                let data = json!({ "ventureEvents": { "sequence": number? } });
                let message = json!({ "id": "1", "type": "next", "payload": { "data": data } });
                socket.send(Message::text(message.to_string())).await?;
            }
        }
    }
}

async fn next(events: &mut Option<broadcast::Receiver<i64>>) -> anyhow::Result<i64> {
    match events {
        Some(events) => Ok(events.recv().await?),
        None => std::future::pending().await,
    }
}
