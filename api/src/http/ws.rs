//! Subscriptions over WebSocket: graphql-transport-ws.

use std::{any::TypeId, sync::Arc};

use app::App;
use async_graphql::{
    Data, Error, Executor, Pos, Request, Response as Answer,
    http::{WebSocket as Protocol, WebSocketProtocols, WsMessage},
};
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{
    FutureExt, SinkExt, StreamExt, future,
    stream::{self, BoxStream},
};

use super::{Gateway, auth, client::Client};
use crate::{
    Schema, Session,
    error::{problem, unauthenticated},
};

/// The protocol spoken; the older `graphql-ws` is not.
const PROTOCOL: &str = "graphql-transport-ws";
/// The largest message taken, in bytes.
const MAX_MESSAGE: usize = 1024 * 1024;

pub(super) async fn upgrade(
    gateway: Gateway,
    client: Client,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    if !offered.unwrap_or_default().split(',').any(|name| name.trim() == PROTOCOL) {
        return (StatusCode::BAD_REQUEST, "offer the subprotocol graphql-transport-ws").into_response();
    }
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(gateway, client, headers, socket))
}

async fn serve(gateway: Gateway, client: Client, headers: HeaderMap, socket: WebSocket) {
    let (mut sink, stream) = socket.split();
    let incoming = stream.take_while(|message| future::ready(message.is_ok())).filter_map(|message| {
        future::ready(match message {
            Ok(Message::Text(text)) => Some(text.as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
            _ => None,
        })
    });
    let executor = Authenticating { app: gateway.app.clone(), schema: gateway.schema.clone(), client };
    let stop = gateway.stop.clone();
    let protocol = Protocol::new(executor, incoming, WebSocketProtocols::GraphQLWS);
    let answers = protocol.on_connection_init(move |payload: serde_json::Value| async move {
        let mut data = Data::default();
        data.insert(holder(&gateway, client, &headers, &payload).await?);
        Ok(data)
    });
    let mut answers = std::pin::pin!(answers.take_until(stop.cancelled_owned()));
    while let Some(answer) = answers.next().await {
        let message = match answer {
            WsMessage::Text(text) => Message::Text(text.into()),
            // The reference: a connection that is refused at its beginning is forbidden.
            WsMessage::Close(1002, reason) if reason == unauthenticated().message => close(4403, "Forbidden"),
            WsMessage::Close(code, reason) => close(code, &reason),
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
    // Ended by us: a client of the reference connects again, elsewhere.
    drop(sink.send(close(1001, "Going away")).await);
}

fn close(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

/// A connection's token, checked when it was opened.
#[derive(Clone)]
struct Holder(String);

/// The token of a connection: in its first message, else in the header of the upgrade.
async fn holder(
    gateway: &Gateway,
    client: Client,
    headers: &HeaderMap,
    payload: &serde_json::Value,
) -> async_graphql::Result<Holder> {
    let given = ["Authorization", "authorization"].iter().find_map(|name| payload.get(name)?.as_str());
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = given.or(header).ok_or_else(unauthenticated)?;
    let secret = auth::secret(secret).map_err(|_| unauthenticated())?;
    match auth::authenticated(gateway, client, secret, None).await {
        Ok(_) => Ok(Holder(secret.to_owned())),
        // The protocol has no word for waiting: a connection is refused, whatever the reason.
        Err(auth::Denied::BadToken | auth::Denied::HeldOff(_)) => Err(unauthenticated()),
        Err(auth::Denied::Failed(error)) => Err(problem(&error)),
    }
}

/// Runs each operation as who holds the connection's token at that time: a token revoked, or a member
/// removed, while the connection is open ends what it may do.
#[derive(Clone)]
struct Authenticating {
    app: App,
    schema: Schema,
    client: Client,
}

impl Authenticating {
    async fn session(&self, data: Option<&Data>) -> Result<Session, Error> {
        let holder = data
            .and_then(|data| data.get(&TypeId::of::<Holder>()))
            .and_then(|any| any.downcast_ref::<Holder>());
        let Holder(secret) = holder.ok_or_else(unauthenticated)?;
        match Session::authenticated(&self.app, secret, None).await {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(unauthenticated()),
            Err(error) => Err(problem(&error)),
        }
    }
}

impl Executor for Authenticating {
    async fn execute(&self, request: Request) -> Answer {
        // The protocol streams every operation; one without its connection is nobody's.
        self.schema.execute(request.data(Session::anonymous(&self.app, self.client.0, None))).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Answer> {
        let executor = self.clone();
        let answers = async move {
            match executor.session(session_data.as_deref()).await {
                Ok(session) => executor.schema.execute_stream(request.data(session)),
                Err(error) => {
                    let refused = Answer::from_errors(vec![error.into_server_error(Pos::default())]);
                    stream::once(future::ready(refused)).boxed()
                }
            }
        };
        answers.flatten_stream().boxed()
    }
}
