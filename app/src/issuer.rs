//! Who else may say who somebody is: an OpenID Connect issuer, injected like the clock.
//!
//! What is trusted of it is written here; how its keys are had and its tokens verified is the edge's.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Refusal, text};

use crate::App;

/// An OpenID Connect issuer.
#[async_trait]
pub trait Issuer: Send + Sync + Debug {
    /// Its identifier: what its tokens have as `iss`.
    fn name(&self) -> &str;

    /// What a token of the issuer says, once its signature, issuer, audience and times are found good at
    /// `now`.
    async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, Rejected>;
}

/// What is taken from a verified token. Roles are not: they are ours to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who it is about, to the issuer.
    pub subject: String,
    /// Until when it is taken.
    pub ends_at: DateTime<Utc>,
}

/// Why a token of an issuer was not taken. The reason is for the log alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The token is no good.
    #[error("{0}")]
    Bad(String),
    /// The issuer made it, for us, and its time is over.
    #[error("the JWT has expired")]
    Ended,
    /// The issuer would have to be asked for its keys, and does not answer.
    #[error("the issuer is away: {0}")]
    Away(String),
}

/// The issuer that is configured, and a subject of it: 1 to 255 characters.
pub(crate) fn checked_subject(app: &App, subject: &str) -> Result<(String, String), Refusal> {
    let subject = text::line("oidcSubject", subject, 1, 255)?;
    let issuer = app.issuer().ok_or_else(|| {
        Refusal::invalid("oidcSubject", "no OIDC issuer is configured, so it has no subjects")
    })?;
    Ok((issuer.name().to_owned(), subject))
}
