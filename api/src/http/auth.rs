//! From an `Authorization` header to a session.

use app::{App, Error};
use axum::http::{HeaderMap, header};

use super::REQUEST_ID;
use crate::Session;

/// Why a request has no session.
pub(super) enum Denied {
    /// There is a token, and it is no good.
    BadToken,
    /// The database could not be asked.
    Failed(Error),
}

/// The session of a request; anonymous without the header.
pub(super) async fn session(app: &App, headers: &HeaderMap) -> Result<Session, Denied> {
    let request_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let request_id = request_id.map(|id| id.chars().take(100).collect());
    match headers.get(header::AUTHORIZATION) {
        Some(value) => authenticated(app, secret(value.to_str().unwrap_or_default())?, request_id).await,
        None => Ok(Session::anonymous(app, request_id)),
    }
}

/// The session of who holds a token.
pub(super) async fn authenticated(
    app: &App,
    secret: &str,
    request_id: Option<String>,
) -> Result<Session, Denied> {
    let session = Session::authenticated(app, secret, request_id).await.map_err(Denied::Failed)?;
    session.ok_or(Denied::BadToken)
}

/// The token in an `Authorization` value.
pub(super) fn secret(authorization: &str) -> Result<&str, Denied> {
    match authorization.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => Ok(secret.trim()),
        _ => Err(Denied::BadToken),
    }
}
