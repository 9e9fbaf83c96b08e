//! Operations over server-sent events: graphql-sse in distinct-connections mode, one operation a stream.
//!
//! What is no GraphQL request (its body, its media types, its method, its token) is answered with a status
//! and JSON. From there on every error is an event, as the protocol demands: a browser's `EventSource` shows
//! nothing of a response that is no stream.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use async_graphql::Request;
use axum::{
    body::{Body, Bytes},
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use tokio::time::timeout;

use super::{
    Gateway,
    answer::{self, deny},
    auth,
    client::Client,
    live::{Outcome, full, outcomes},
    media::Media,
    request::{self, Refused},
};
use crate::{Profile, operation::Carrier};

const MEDIA_TYPE: &str = "text/event-stream";
/// A comment: first of all, because some browsers wait for a byte before they call a stream open, and then
/// whenever nothing happened for a while.
const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// Without its empty data `EventSource` would pass over the event.
const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

pub(super) async fn post(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    respond(gateway, (client, &headers), Carrier::Stream, request::one(&headers, body)).await
}

pub(super) async fn get(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let allowed = match gateway.profile {
        Profile::Development => Ok(()),
        Profile::Production => request::preflighted(&headers),
    };
    let request = allowed.and_then(|()| request::parameters(query.as_deref().unwrap_or_default()));
    respond(gateway, (client, &headers), Carrier::Link, request).await
}

async fn respond(
    gateway: Arc<Gateway>,
    (client, headers): (Client, &HeaderMap),
    carrier: Carrier,
    request: Result<Request, Refused>,
) -> Response {
    if !accepted(headers) {
        let message = "accept text/event-stream";
        let refused = Refused { status: StatusCode::NOT_ACCEPTABLE, code: "NOT_ACCEPTABLE", message };
        return refused.into_response(Media::Json);
    }
    let request = match request {
        Ok(request) => request,
        Err(refused) => return refused.into_response(Media::Json),
    };
    let Some(connection) = gateway.connections.open("sse") else { return full() };
    let session = match auth::session(&gateway, client, headers).await {
        Ok(session) => session,
        Err(denied) => return deny(&denied, Media::Json),
    };
    let mut outcomes = outcomes(&gateway, session, carrier, request).peekable();
    // Whether a request may travel this way is settled at once, and is a matter of HTTP.
    if let Some(Some(Outcome::Refused(refused))) = Pin::new(&mut outcomes).peek().now_or_never()
        && answer::not_allowed(refused)
    {
        return answer::one(refused, Media::Json);
    }
    let (stop, keep_alive) = (gateway.connections.stop(), gateway.live.keep_alive());
    // A stream that is cut short when the process stops does not say that it is complete: a client of the
    // reference then subscribes again, elsewhere.
    let events = events(outcomes).take_until(stop.cancelled_owned());
    let lines = stream::once(async { COMMENT }).chain(kept_alive(events, keep_alive));
    let body = lines.map(move |line| {
        // The place is taken for as long as the body is read.
        let _ = &connection;
        Ok::<_, Infallible>(line)
    });
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL.as_str(), "no-cache"),
        // nginx would hold events back until its buffer is full.
        ("x-accel-buffering", "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// Whether the caller takes a stream; one who does not say takes what this path is for.
fn accepted(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(header::ACCEPT) else { return true };
    let accept = accept.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut ranges = accept.split(',').filter_map(|range| range.split(';').next()).map(str::trim);
    ranges.any(|range| matches!(range, MEDIA_TYPE | "text/*" | "*/*"))
}

fn events(outcomes: impl Stream<Item = Outcome>) -> impl Stream<Item = Bytes> {
    let next = |outcome| {
        let (Outcome::Next(answer) | Outcome::Refused(answer)) = outcome;
        // JSON as it is written here is one line.
        Bytes::from(format!("event: next\ndata: {}\n\n", answer::text(&answer)))
    };
    outcomes.map(next).chain(stream::once(async { COMPLETE }))
}

/// The same events, with a comment after each `interval` in which there was none: proxies end what is silent,
/// and a client that went away is found out by writing to it.
fn kept_alive(events: impl Stream<Item = Bytes>, interval: Duration) -> impl Stream<Item = Bytes> {
    stream::unfold(Box::pin(events), move |mut events| async move {
        match timeout(interval, events.next()).await {
            Ok(event) => event.map(|event| (event, events)),
            Err(_) => Some((COMMENT, events)),
        }
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::{Response as Answer, ServerError};
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn events_are_written_as_the_protocol_spells_them() {
        let outcomes = stream::iter([
            Outcome::from(Answer::new("one\nline")),
            Outcome::from(Answer::from_errors(vec![ServerError::new("no", None)])),
        ]);
        let written: Vec<_> = events(outcomes).collect().await;
        assert_eq!(
            written.concat(),
            *b"event: next\ndata: {\"data\":\"one\\nline\"}\n\n\
                                        event: next\ndata: {\"errors\":[{\"message\":\"no\"}]}\n\n\
                                        event: complete\ndata:\n\n"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_comments_and_events_pass_at_once() {
        let (send, mut receive) = mpsc::channel(1);
        let events = stream::poll_fn(move |context| receive.poll_recv(context));
        let mut lines = std::pin::pin!(kept_alive(events, Duration::from_secs(12)));
        let began = tokio::time::Instant::now();
        assert_eq!(lines.next().await, Some(COMMENT));
        assert_eq!(lines.next().await, Some(COMMENT));
        assert_eq!(began.elapsed().as_secs(), 24);
        send.send(COMPLETE).await.unwrap();
        assert_eq!(lines.next().await, Some(COMPLETE));
        assert_eq!(began.elapsed().as_secs(), 24);
        drop(send);
        assert_eq!(lines.next().await, None);
    }

    #[test]
    fn a_stream_goes_to_those_who_take_one() {
        let accepts =
            |value: &str| accepted(&HeaderMap::from_iter([(header::ACCEPT, value.parse().unwrap())]));
        assert!(accepted(&HeaderMap::new()));
        for taken in
            ["text/event-stream", "*/*", "text/*;q=0.5", "application/json, Text/Event-Stream; q=0.9"]
        {
            assert!(accepts(taken), "{taken}");
        }
        for other in ["application/json", "text/html", ""] {
            assert!(!accepts(other), "{other}");
        }
    }
}
