//! GraphQL over HTTP: POST with JSON, GET for queries, both media types.

use async_graphql::{Pos, Request, Response as Answer, Value, parser::types::OperationType};
use axum::{
    body::Bytes,
    extract::{
        Query, State, WebSocketUpgrade, rejection::BytesRejection, ws::rejection::WebSocketUpgradeRejection,
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{Gateway, auth, ws};
use crate::{
    Session,
    error::{coded, problem},
};

/// The media type of GraphQL over HTTP.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// What a request that was cut short is told; it may have changed something.
const TOO_LONG: &str = "the request took too long";

/// The media type of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was good.
    Graphql,
    /// `application/json`: 200 for whatever is well formed.
    Json,
}

impl Media {
    /// The one the caller prefers; none when it takes neither.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let Some(accept) = headers.get(header::ACCEPT) else { return Some(Self::Json) };
        let accept = accept.to_str().unwrap_or("*/*").to_ascii_lowercase();
        let ranges = accept.split(',').filter_map(|range| range.split(';').next()).map(str::trim);
        ranges.into_iter().find_map(|range| match range {
            GRAPHQL_RESPONSE => Some(Self::Graphql),
            JSON | "application/*" | "*/*" => Some(Self::Json),
            _ => None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The parameters of a GET.
#[derive(Deserialize)]
pub(super) struct Parameters {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<String>,
}

pub(super) async fn post(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(media) = Media::accepted(&headers) else { return StatusCode::NOT_ACCEPTABLE.into_response() };
    match read(&headers, body) {
        Ok(request) => run(&gateway, &headers, media, request).await,
        Err(refusal) => refusal.into_response(media),
    }
}

pub(super) async fn get(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    parameters: Query<Parameters>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return ws::upgrade(gateway, headers, upgrade).await;
    }
    let Some(media) = Media::accepted(&headers) else { return StatusCode::NOT_ACCEPTABLE.into_response() };
    let Query(Parameters { query, operation_name, variables }) = parameters;
    let Some(query) = query else {
        return Refused(StatusCode::BAD_REQUEST, "the parameter query is missing").into_response(media);
    };
    let mut request = Request::new(query);
    request.operation_name = operation_name;
    if let Some(variables) = variables.filter(|text| !text.is_empty()) {
        let Ok(variables) = serde_json::from_str(&variables) else {
            return Refused(StatusCode::BAD_REQUEST, "variables is not a JSON object").into_response(media);
        };
        request.variables = variables;
    }
    if matches!(operation_kind(&mut request), "mutation" | "subscription") {
        let refused =
            Refused(StatusCode::METHOD_NOT_ALLOWED, "a GET carries queries only").into_response(media);
        return ([(header::ALLOW, "POST")], refused).into_response();
    }
    run(&gateway, &headers, media, request).await
}

/// A request that is not run.
pub(super) struct Refused(pub(super) StatusCode, pub(super) &'static str);

impl Refused {
    pub(super) fn into_response(self, media: Media) -> Response {
        let body = json!({ "errors": [{ "message": self.1, "extensions": { "code": "BAD_REQUEST" } }] });
        (self.0, [(header::CONTENT_TYPE, media.name())], body.to_string()).into_response()
    }
}

/// Reads a body: JSON, one request.
pub(super) fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Request, Refused> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(JSON) {
        return Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        _ => Refused(StatusCode::BAD_REQUEST, "the body could not be read"),
    })?;
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Refused(StatusCode::BAD_REQUEST, "batches are not accepted: send one request"));
    }
    let request: Request = serde_json::from_slice(&body)
        .map_err(|_| Refused(StatusCode::BAD_REQUEST, "the body is not a GraphQL request in JSON"))?;
    if request.query.trim().is_empty() {
        return Err(Refused(StatusCode::BAD_REQUEST, "query is missing"));
    }
    Ok(request)
}

async fn run(gateway: &Gateway, headers: &HeaderMap, media: Media, mut request: Request) -> Response {
    let session = match auth::session(&gateway.app, headers).await {
        Ok(session) => session,
        Err(denied) => return deny(&denied, media),
    };
    let started = Instant::now();
    let operation = operation_kind(&mut request);
    let answer = execute(gateway, session, request).await;
    let outcome = if answer.errors.is_empty() { "ok" } else { "error" };
    let labels = [("operation", operation), ("outcome", outcome)];
    metrics::counter!("venturi_graphql_requests_total", &labels).increment(1);
    metrics::histogram!("venturi_graphql_request_seconds").record(started.elapsed().as_secs_f64());
    answered(&answer, media)
}

async fn execute(gateway: &Gateway, session: Session, request: Request) -> Answer {
    let executed = gateway.schema.execute(request.data(session));
    match tokio::time::timeout(gateway.request_timeout, executed).await {
        Ok(answer) => answer,
        Err(_) => {
            let error = coded(TOO_LONG, "TIMEOUT");
            Answer::from_errors(vec![error.into_server_error(Pos::default())])
        }
    }
}

/// What a request asks for, as a label.
fn operation_kind(request: &mut Request) -> &'static str {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return "invalid" };
    let mut chosen = document
        .operations
        .iter()
        .filter(|(known, _)| name.is_none() || known.map(|known| known.as_str()) == name.as_deref());
    match chosen.next().map(|(_, operation)| operation.node.ty) {
        Some(OperationType::Query) => "query",
        Some(OperationType::Mutation) => "mutation",
        Some(OperationType::Subscription) => "subscription",
        None => "invalid",
    }
}

/// A token that is no good, or a database that could not tell.
pub(super) fn deny(denied: &auth::Denied, media: Media) -> Response {
    let (status, message, code) = match denied {
        auth::Denied::BadToken => (
            StatusCode::UNAUTHORIZED,
            "the token is unknown, expired or revoked".to_owned(),
            "UNAUTHENTICATED",
        ),
        auth::Denied::Failed(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, problem(error).message, "UNAVAILABLE")
        }
    };
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    let mut response = (status, [(header::CONTENT_TYPE, media.name())], body.to_string()).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Writes an answer. A request that was not executed has no `data` key.
fn answered(answer: &Answer, media: Media) -> Response {
    let not_executed = answer.data == Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|e| e.path.is_empty() && e.message != TOO_LONG);
    let mut body = serde_json::to_value(answer).unwrap_or_default();
    if not_executed && let Some(fields) = body.as_object_mut() {
        fields.remove("data");
    }
    let status = match media {
        Media::Graphql if not_executed => StatusCode::BAD_REQUEST,
        Media::Graphql | Media::Json => StatusCode::OK,
    };
    // Written from the answer itself, whose keys stand in the order asked for.
    let text =
        if not_executed { body.to_string() } else { serde_json::to_string(answer).unwrap_or_default() };
    let mut response = (status, [(header::CONTENT_TYPE, media.name())], text).into_response();
    response.headers_mut().extend(answer.http_headers.clone());
    response
}
