//! GraphQL over HTTP: POST with JSON, GET for queries, both media types, one request or a batch.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Response as Answer};
use axum::{
    body::Bytes,
    extract::{
        RawQuery, State, WebSocketUpgrade, rejection::BytesRejection,
        ws::rejection::WebSocketUpgradeRejection,
    },
    http::HeaderMap,
    response::Response,
};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::{
    Gateway, answer, auth,
    client::Client,
    execution,
    media::Media,
    request::{self, Asked as Body},
    ws,
};
use crate::{
    Profile, Session,
    operation::{Asked, Carrier},
};

pub(super) async fn post(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(media) = Media::accepted(&headers) else { return answer::not_acceptable() };
    match request::any(&headers, body, gateway.max_batch) {
        Ok(body) => run(&gateway, (client, &headers), media, Carrier::Post, body).await,
        Err(refused) => refused.into_response(media),
    }
}

pub(super) async fn get(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return ws::upgrade(gateway, client, &headers, upgrade);
    }
    let Some(media) = Media::accepted(&headers) else { return answer::not_acceptable() };
    let allowed = match gateway.profile {
        Profile::Development => Ok(()),
        Profile::Production => request::preflighted(&headers),
    };
    match allowed.and_then(|()| request::parameters(query.as_deref().unwrap_or_default())) {
        Ok(request) => {
            run(&gateway, (client, &headers), media, Carrier::Get, Body::One(Box::new(request))).await
        }
        Err(refused) => refused.into_response(media),
    }
}

/// Runs what is asked as who asks, all within one request's time.
async fn run(
    gateway: &Gateway,
    (client, headers): (Client, &HeaderMap),
    media: Media,
    carrier: Carrier,
    body: Body,
) -> Response {
    let deadline = Instant::now() + gateway.request_timeout;
    let session = match auth::session(gateway, client, headers).await {
        Ok(session) => session,
        Err(denied) => return answer::deny(&denied, media),
    };
    let execute = |request| execute(gateway, session.clone(), carrier, request, deadline);
    match body {
        Body::One(request) => answer::one(&execute(*request).await, media),
        Body::Several(requests) => {
            let answers = requests.into_iter().map(|request| async {
                match request {
                    Ok(request) => execute(request).await,
                    Err(refused) => refused.into_answer(),
                }
            });
            answer::several(&join_all(answers).await, media)
        }
    }
}

async fn execute(
    gateway: &Gateway,
    session: Session,
    carrier: Carrier,
    request: Request,
    deadline: Instant,
) -> Answer {
    let started = Instant::now();
    let asked = Asked::over(carrier);
    let request = request.data(asked.clone());
    // In the database, a statement may take as long as a request.
    let answer =
        execution::execute(&gateway.schema, session, request, deadline, gateway.request_timeout).await;
    record(&asked, &answer, started.elapsed());
    answer
}

/// Counts an answer; each event of a subscription is one.
pub(super) fn record(asked: &Asked, answer: &Answer, took: Duration) {
    let outcome = if answer.errors.is_empty() { "ok" } else { "error" };
    let labels = [("operation", asked.kind()), ("outcome", outcome)];
    metrics::counter!("venturi_graphql_requests_total", &labels).increment(1);
    if asked.kind() != "subscription" {
        metrics::histogram!("venturi_graphql_request_seconds").record(took.as_secs_f64());
    }
}
