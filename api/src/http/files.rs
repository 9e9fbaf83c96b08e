//! Files: uploaded before they are named as evidence, downloaded with the same token.

use std::sync::Arc;

use app::{Request, commands::StoreFile, query};
use async_graphql::ID;
use axum::{
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::id::Id;
use serde::Deserialize;
use serde_json::json;

use super::{
    Gateway,
    answer::{deny, held_off},
    auth,
    client::Client,
    media::Media,
};
use crate::{
    Session,
    error::{UserError, not_found, problem, unauthenticated},
    global_id::{Kind, encode, expect},
    portfolio::only_portfolio,
};

/// What an upload costs, as a mutation does.
const UPLOAD_COST: u64 = 10;
/// What a download costs, as an object does.
const DOWNLOAD_COST: u64 = 1;

/// The parameters of an upload.
#[derive(Deserialize)]
pub(super) struct Upload {
    /// Slug of the portfolio; may be left out by a member of just one.
    portfolio: Option<String>,
    /// Name of the file.
    name: String,
}

pub(super) async fn upload(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    parameters: Result<Query<Upload>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let session = match signed_in(&gateway, client, &headers, UPLOAD_COST).await {
        Ok(session) => session,
        Err(response) => return response,
    };
    let Ok(Query(parameters)) = parameters else {
        return refused(StatusCode::BAD_REQUEST, "the parameter name is missing", "INVALID_INPUT");
    };
    let bytes = match body {
        Ok(bytes) => bytes,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refused(rejection.status(), "a file has at most 10 MiB", "TOO_LARGE");
        }
        Err(rejection) => return refused(rejection.status(), "the file could not be read", "INVALID_INPUT"),
    };
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match store(&session, parameters, media_type, bytes).await {
        Ok(id) => (StatusCode::CREATED, axum::Json(json!({ "id": id.0 }))).into_response(),
        Err(response) => response,
    }
}

async fn store(
    session: &Session,
    parameters: Upload,
    media_type: String,
    bytes: Bytes,
) -> Result<ID, Response> {
    let portfolio = match parameters.portfolio {
        Some(slug) => {
            let scope = session.scope().map_err(|error| failed(&error))?;
            let found = query::portfolio(session.app(), &scope, &slug).await;
            found.map_err(|e| failed(&problem(&e)))?.ok_or_else(|| failed(&not_found("the portfolio")))?
        }
        None => only_portfolio(session).await.map_err(|error| failed(&error))?,
    };
    let command = StoreFile {
        portfolio_id: Id::new(portfolio.id),
        name: parameters.name,
        media_type,
        bytes: bytes.to_vec(),
    };
    let request: Request = session.request().map_err(|error| failed(&error))?;
    match session.app().execute(&request, &command).await {
        Ok(id) => Ok(encode(Kind::File, id.uuid())),
        Err(app::Error::Refused(refusal)) => {
            let UserError { message, code, .. } = refusal.into();
            Err(refused(StatusCode::UNPROCESSABLE_ENTITY, &message, &code))
        }
        Err(error) => Err(failed(&problem(&error))),
    }
}

pub(super) async fn download(
    State(gateway): State<Arc<Gateway>>,
    client: Client,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let session = match signed_in(&gateway, client, &headers, DOWNLOAD_COST).await {
        Ok(session) => session,
        Err(response) => return response,
    };
    let found = async {
        let key = expect(Kind::File, &ID(id))?;
        let file =
            query::file(session.app(), &session.scope()?, Id::new(key)).await.map_err(|e| problem(&e))?;
        file.ok_or_else(|| not_found("the file"))
    };
    match found.await {
        Ok(file) => {
            let ascii: String =
                file.name.chars().map(|c| if c.is_ascii_graphic() && c != '"' { c } else { '_' }).collect();
            let headers = [
                (header::CONTENT_TYPE, file.media_type),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{ascii}\"")),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
            ];
            (headers, file.bytes).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// The session of who holds a token, charged for what it is going to do.
async fn signed_in(
    gateway: &Gateway,
    client: Client,
    headers: &HeaderMap,
    cost: u64,
) -> Result<Session, Response> {
    let session = auth::session(gateway, client, headers).await;
    let session = session.map_err(|denied| deny(&denied, Media::Json))?;
    if session.actor().is_err() {
        return Err(failed(&unauthenticated()));
    }
    let taken = gateway.throttle.take(session.account(), cost, gateway.app.clock().now());
    taken.map_err(|refused| held_off(refused.retry_after, Media::Json))?;
    Ok(session)
}

/// A GraphQL error as an HTTP answer of the same meaning.
fn failed(error: &async_graphql::Error) -> Response {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
    let code = code.and_then(|code| code.into_json().ok()).unwrap_or_default();
    let status = match code.as_str() {
        Some("UNAUTHENTICATED") => StatusCode::UNAUTHORIZED,
        Some("FORBIDDEN") => StatusCode::FORBIDDEN,
        Some("NOT_FOUND") => StatusCode::NOT_FOUND,
        Some("CONFLICT") => StatusCode::CONFLICT,
        Some("UNAVAILABLE") => StatusCode::SERVICE_UNAVAILABLE,
        Some("INTERNAL") => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    refused(status, &error.message, code.as_str().unwrap_or("BAD_REQUEST"))
}

fn refused(status: StatusCode, message: &str, code: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    (status, axum::Json(body)).into_response()
}
