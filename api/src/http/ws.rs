//! Operations over WebSocket: graphql-transport-ws, as PROTOCOL.md of graphql-ws has it and, where that is
//! silent, as its reference server behaves. Here is what the protocol asks of the gateway: whom to let in, and
//! what to run. Its messages, its states and the socket itself are below.

mod message;
mod protocol;
mod pump;

use std::sync::Arc;

use async_graphql::{Request, Response as Answer};
use axum::{
    extract::{WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, header},
    response::Response,
};
use futures_util::{FutureExt, StreamExt, stream, stream::BoxStream};
use tracing::Span;

use super::{
    Gateway, REQUEST_ID, auth,
    client::Client,
    live::{Connection, Outcome, full, outcomes},
};
use crate::{
    error::{placeless, problem, unauthenticated},
    meter::too_much,
    operation::Carrier,
};
use message::{Closing, Payload};
use pump::Host;

/// The protocol spoken; the older `graphql-ws` is not.
const PROTOCOL: &str = "graphql-transport-ws";
/// What a socket reads at once, in bytes: it is allocated for each, and most of them are silent.
const READ_BUFFER: usize = 4 * 1024;
/// What a socket gathers before it writes, in bytes.
const WRITE_BUFFER: usize = 16 * 1024;

/// Makes a WebSocket of a request. Its `Origin` does not matter: no cookie signs anybody in, so another site's
/// page has nothing to borrow.
pub(super) fn upgrade(
    gateway: Arc<Gateway>,
    client: Client,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(connection) = gateway.connections.open("websocket") else { return full() };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (authorization, request_id) = (text(header::AUTHORIZATION), text(REQUEST_ID));
    let request_id = request_id.map(|id| id.chars().take(100).collect());
    let caller = Caller { gateway, client, authorization, request_id };
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(caller.gateway.max_message_bytes)
        .max_message_size(caller.gateway.max_message_bytes)
        .on_upgrade(move |socket| serve(caller, socket, connection))
}

async fn serve(caller: Caller, socket: WebSocket, _place: Connection) {
    let live = caller.gateway.live.clone();
    // Told by a close code, as the reference does: a browser shows nothing of a refused upgrade.
    if socket.protocol().is_none() {
        return pump::close(socket, Closing::subprotocol_not_acceptable(), &live).await;
    }
    let stop = caller.gateway.connections.stop();
    pump::serve(socket, caller, &live, &stop).await;
}

/// The gateway, as one connection sees it.
struct Caller {
    gateway: Arc<Gateway>,
    client: Client,
    /// The header of the upgrade.
    authorization: Option<String>,
    request_id: Option<String>,
}

/// A connection's token. It is asked again at each operation: once it is revoked, or its member removed, it
/// opens nothing more.
#[derive(Clone)]
struct Holder(String);

impl Host for Caller {
    type Holder = Holder;

    async fn admit(&self, payload: Payload) -> Result<Holder, Closing> {
        let payload = payload.unwrap_or_default();
        let given = ["Authorization", "authorization"].iter().find_map(|name| payload.get(*name)?.as_str());
        let authorization = given.or(self.authorization.as_deref()).ok_or_else(Closing::forbidden)?;
        let secret = auth::secret(authorization).map_err(|_| Closing::forbidden())?;
        match auth::authenticated(&self.gateway, self.client, secret, self.request_id.clone()).await {
            Ok(_) => Ok(Holder(secret.to_owned())),
            // The protocol has no word for waiting: a connection is refused, whatever the reason.
            Err(auth::Denied::BadToken | auth::Denied::HeldOff(_)) => Err(Closing::forbidden()),
            Err(auth::Denied::Failed(error)) => {
                // For the log; the client is told to come again.
                drop(problem(&error));
                Err(Closing::try_again_later())
            }
        }
    }

    fn run(&self, Holder(secret): &Holder, request: Request) -> BoxStream<'static, Outcome> {
        let (gateway, client) = (Arc::clone(&self.gateway), self.client);
        let (secret, request_id) = (secret.clone(), self.request_id.clone());
        let running = async move {
            let known = auth::authenticated(&gateway, client, &secret, request_id);
            let error = match known.await {
                Ok(session) => return outcomes(&gateway, session, Carrier::Stream, request),
                Err(auth::Denied::BadToken) => placeless(unauthenticated()),
                Err(auth::Denied::HeldOff(retry_after)) => too_much(retry_after),
                Err(auth::Denied::Failed(error)) => placeless(problem(&error)),
            };
            let refused = Answer::from_errors(vec![error]);
            stream::once(async { refused.into() }).boxed()
        };
        running.into_stream().flatten().boxed()
    }

    fn span(&self) -> Span {
        tracing::info_span!("operation", transport = "websocket", request_id = self.request_id)
    }
}
