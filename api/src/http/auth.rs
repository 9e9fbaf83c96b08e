//! From an `Authorization` header to a session.

use app::{Error, token::Refused};
use axum::http::{HeaderMap, header};
use chrono::Duration;

use super::{Gateway, REQUEST_ID, client::Client};
use crate::Session;

/// Why a request has no session.
pub(super) enum Denied {
    /// There is a token, and it is no good.
    BadToken,
    /// Too many tokens from its address were no good; in what time one is looked at again.
    HeldOff(Duration),
    /// The database could not be asked.
    Failed(Error),
}

/// The session of a request; anonymous without the header.
pub(super) async fn session(
    gateway: &Gateway,
    client: Client,
    headers: &HeaderMap,
) -> Result<Session, Denied> {
    let request_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let request_id = request_id.map(|id| id.chars().take(100).collect());
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let secret = secret(value.to_str().unwrap_or_default())?;
            authenticated(gateway, client, secret, request_id).await
        }
        None => Ok(Session::anonymous(&gateway.app, client.0, request_id)),
    }
}

/// The session of who holds a token. Whoever sends one comes through here, so that guessing is counted; a token
/// that was good and has ended is no guess.
pub(super) async fn authenticated(
    gateway: &Gateway,
    client: Client,
    secret: &str,
    request_id: Option<String>,
) -> Result<Session, Denied> {
    let now = gateway.app.clock().now();
    // A good token waits too, or one could go on guessing until an answer comes at once.
    gateway.throttle.may_sign_in(client.0, now).map_err(Denied::HeldOff)?;
    let session = Session::signed_in(&gateway.app, secret, request_id).await.map_err(Denied::Failed)?;
    session.map_err(|refused| {
        if refused == Refused::Unknown {
            gateway.throttle.bad_token(client.0, now);
        }
        Denied::BadToken
    })
}

/// The token in an `Authorization` value.
pub(super) fn secret(authorization: &str) -> Result<&str, Denied> {
    match authorization.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => Ok(secret.trim()),
        _ => Err(Denied::BadToken),
    }
}
