//! Bearer tokens: ours, which are shown once and kept as a hash, and those of an OIDC issuer. Here they are
//! made, and turned into an actor.
//!
//! Nothing about a token is kept in memory: one that is revoked is no good at the very next request.

pub(crate) mod create_token;
pub(crate) mod issue_token;
pub mod list;
pub(crate) mod revoke_token;
pub(crate) mod store;
pub mod usage;

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    Refusal, Role,
    id::{Id, kind},
};
use rand::RngCore;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, App, Error, Request, Scope,
    actor::{Credential, Membership, Person},
    command::commands,
    database::statement,
    issuer::Rejected,
    portfolio,
};

commands! {
    create_token { CreateToken; CreatedToken }
    issue_token { IssueToken }
    revoke_token { RevokeToken }
}

/// Every token starts so: secret scanners know it by its prefix.
pub const PREFIX: &str = "venturi_";
/// The longest token of ours that is looked up, in bytes.
const MAX_TOKEN: usize = 200;
/// The longest token of an issuer that is looked at, in bytes.
const MAX_JWT: usize = 16 * 1024;

/// The hash under which a token is kept. A token has 256 random bits, so a plain digest suffices.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// A token as its holder gets it, once. It is neither shown nor written anywhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new token: the prefix, eight characters by which it is known again, and 256 random bits.
    pub(crate) fn random() -> Self {
        let mut bytes = [0_u8; 36];
        rand::rng().fill_bytes(&mut bytes);
        let (known, secret) = bytes.split_at(4);
        Self(format!("{PREFIX}{}_{}", hex::encode(known), URL_SAFE_NO_PAD.encode(secret)))
    }

    /// The token itself, for its holder.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its start, which tells it from others and gives nothing away.
    pub(crate) fn hint(&self) -> String {
        self.0.chars().take(PREFIX.len() + 8).collect()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// Makes a token for a member who holds `role` in the portfolio `slug` and is named after both; the member
/// is made if there is none. For whoever runs the system. The token is returned once and cannot be read
/// again.
pub async fn create(
    app: &App,
    slug: &str,
    role: &Role,
    expires_at: Option<DateTime<Utc>>,
) -> Result<String, Error> {
    let portfolio = portfolio::store::by_slug(app.database().read(), &Scope::All, slug)
        .await?
        .ok_or_else(|| Refusal::invalid("portfolio", format!("there is no portfolio {slug:?}")))?;
    let command = IssueToken { portfolio_id: Id::new(portfolio.id), role: role.clone(), expires_at };
    let made = app.execute(&Request::by_operator(), &command).await?;
    made.secret.map(|secret| secret.0).ok_or_else(|| anyhow::anyhow!("a token without its secret").into())
}

/// Why a bearer token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is none of ours, is revoked, is no good, or means nobody here: it may be a guess.
    Unknown,
    /// It was good, and has ended by itself: no guess.
    Ended,
}

/// Who holds a bearer token. The log says why one is not taken, and its sender is not told.
pub async fn authenticate(app: &App, bearer: &str) -> Result<Result<Actor, Refused>, Error> {
    let found = if bearer.starts_with(PREFIX) {
        by_token(app, bearer).await?
    } else {
        by_claims(app, bearer).await?
    };
    Ok(found.map(Actor::Person).map_err(|(refused, reason)| {
        tracing::info!(reason, "a bearer token was not taken");
        refused
    }))
}

/// A person, or why a token is not taken, in words for the log.
type Found = Result<Person, (Refused, String)>;

fn unknown(reason: impl Into<String>) -> Found {
    Err((Refused::Unknown, reason.into()))
}

fn ended(reason: impl Into<String>) -> Found {
    Err((Refused::Ended, reason.into()))
}

/// The columns of a person in their places, one row for each.
const PLACES: &str = "p.id AS person_id, p.handle, p.name, m.portfolio_id, m.roles";

async fn by_token(app: &App, token: &str) -> Result<Found, Error> {
    if token.len() > MAX_TOKEN {
        return Ok(unknown("it is too long for a token of ours"));
    }
    let db = app.database().read();
    let sql = format!(
        "SELECT {PLACES}, t.id AS token_id, t.portfolio_id AS bound_to, t.roles AS narrowed_to, t.expires_at, \
         t.last_used_at FROM token AS t JOIN person AS p ON p.id = t.person_id LEFT JOIN member AS m \
         ON m.person_id = p.id AND (t.portfolio_id IS NULL OR m.portfolio_id = t.portfolio_id) \
         WHERE t.hash = $1 AND t.revoked_at IS NULL"
    );
    let rows = db.query_all_raw(statement(db.get_database_backend(), sql, [hash(token).into()])).await?;
    let Some(first) = rows.first() else { return Ok(unknown("it is unknown or revoked")) };
    let id: Uuid = first.try_get("", "token_id")?;
    let expires_at: Option<DateTime<Utc>> = first.try_get("", "expires_at")?;
    if expires_at.is_some_and(|end| end <= app.clock().now()) {
        return Ok(ended(format!("token {id} has expired")));
    }
    let narrowed_to: Option<Value> = first.try_get("", "narrowed_to")?;
    let narrowed_to: Option<Vec<Role>> = narrowed_to.map(serde_json::from_value).transpose()?;
    let credential = Credential::Token {
        id: Id::new(id),
        portfolio_id: first.try_get::<Option<Uuid>>("", "bound_to")?.map(Id::new),
        narrowed: narrowed_to.is_some(),
        expires_at,
        last_used_at: first.try_get("", "last_used_at")?,
    };
    let mut person = person(&rows, first, credential)?;
    if let Some(kept) = narrowed_to {
        person.memberships.iter_mut().for_each(|place| place.roles.retain(|role| kept.contains(role)));
    }
    Ok(Ok(person))
}

async fn by_claims(app: &App, jwt: &str) -> Result<Found, Error> {
    let Some(issuer) = app.issuer() else {
        return Ok(unknown("it is none of ours, and no issuer is configured"));
    };
    if jwt.len() > MAX_JWT {
        return Ok(unknown("it is too long for a token of the issuer"));
    }
    let claims = match issuer.verify(jwt, app.clock().now()).await {
        Ok(claims) => claims,
        Err(Rejected::Bad(reason)) => return Ok(unknown(reason)),
        Err(over @ Rejected::Ended) => return Ok(ended(over.to_string())),
        Err(away @ Rejected::Away(_)) => return Err(Error::Unavailable(away.to_string())),
    };
    let db = app.database().read();
    let sql = format!(
        "SELECT {PLACES} FROM person AS p LEFT JOIN member AS m ON m.person_id = p.id \
         WHERE p.issuer = $1 AND p.subject = $2"
    );
    let values = [issuer.name().into(), claims.subject.clone().into()];
    let rows = db.query_all_raw(statement(db.get_database_backend(), sql, values)).await?;
    let Some(first) = rows.first() else {
        return Ok(unknown(format!("the issuer's subject {:?} is nobody here", claims.subject)));
    };
    let credential = Credential::Claims {
        issuer: issuer.name().to_owned(),
        subject: claims.subject,
        ends_at: claims.ends_at,
    };
    Ok(Ok(person(&rows, first, credential)?))
}

/// A person from their rows, one for each place; one without a place for somebody who has none.
fn person(rows: &[QueryResult], first: &QueryResult, credential: Credential) -> Result<Person, Error> {
    let mut memberships = Vec::new();
    for row in rows {
        if let Some(portfolio) = row.try_get::<Option<Uuid>>("", "portfolio_id")? {
            let roles = serde_json::from_value(row.try_get::<Value>("", "roles")?)?;
            memberships.push(Membership { portfolio_id: Id::<kind::Portfolio>::new(portfolio), roles });
        }
    }
    Ok(Person {
        id: Id::new(first.try_get("", "person_id")?),
        handle: first.try_get("", "handle")?,
        name: first.try_get("", "name")?,
        memberships,
        credential,
    })
}
