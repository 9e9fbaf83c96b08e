//! Subscriptions over server-sent events: graphql-sse, distinct connections.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, stream};

use super::{
    Gateway,
    answer::{self, deny},
    auth,
    client::Client,
    media::Media,
    request,
};

/// How often an idle connection is told that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

pub(super) async fn post(
    State(gateway): State<Gateway>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = match request::one(&headers, body) {
        Ok(request) => request,
        Err(refused) => return refused.into_response(Media::Json),
    };
    let session = match auth::session(&gateway, client, &headers).await {
        Ok(session) => session,
        Err(denied) => return deny(&denied, Media::Json),
    };
    let answers = gateway
        .schema
        .execute_stream(request.data(session))
        .map(|answer| Event::default().event("next").data(answer::text(&answer)));
    let complete = stream::once(async { Event::default().event("complete").data("") });
    let answers = answers.take_until(gateway.stop.clone().cancelled_owned());
    let events = answers.chain(complete).map(Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}
