//! Webhook endpoints and the secrets that sign what they are told, sealed.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use domain::{
    id::{Id, kind},
    webhook::{DisabledReason, Endpoint, Settings, State},
};
use entity::webhook_endpoint::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Error,
    secret::{Keyring, SigningSecret},
    store::corrupt,
};

/// An endpoint as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What signs, newest last.
    pub secrets: Vec<Sealed>,
}

/// A secret as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its start, by which its holder knows it again.
    pub hint: String,
    /// The base64 of what opens under the system's keys alone.
    sealed: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops signing; none: when the next one says so.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Sealed {
    /// Seals a new secret of an endpoint.
    pub(crate) fn seal(
        keyring: &Keyring,
        endpoint: Id<kind::WebhookEndpoint>,
        secret: &SigningSecret,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let sealed = STANDARD.encode(keyring.seal(endpoint.uuid(), secret.expose())?);
        Ok(Self { hint: secret.hint(), sealed, created_at: now, expires_at: None })
    }

    /// Opens it.
    pub(crate) fn open(
        &self,
        keyring: &Keyring,
        endpoint: Id<kind::WebhookEndpoint>,
    ) -> Result<String, Error> {
        let sealed = STANDARD.decode(&self.sealed).map_err(|_| corrupt("a secret that is no base64"))?;
        keyring.open(endpoint.uuid(), &sealed)
    }

    /// Whether it signs still.
    pub fn signs(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// The endpoint, locked until the transaction ends; one that was deleted is not found. The portfolio is locked before its
/// endpoints, and an endpoint before its deliveries. Attempts are recorded under the endpoint's lock alone.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: Id<kind::WebhookEndpoint>) -> Result<Stored, Error> {
    let query = Entity::find_by_id(id.uuid()).filter(Column::DeletedAt.is_null()).lock(LockType::NoKeyUpdate);
    from_row(query.one(db).await?.ok_or(Error::NotFound)?)
}

/// The endpoint, unless it was deleted.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: Id<kind::WebhookEndpoint>,
) -> Result<Option<Stored>, Error> {
    let query = Entity::find_by_id(id.uuid()).filter(Column::DeletedAt.is_null());
    query.one(db).await?.map(from_row).transpose()
}

/// The endpoints of a portfolio that are told of events. None of them is disabled until the transaction ends,
/// so that what it sends them is cancelled too.
pub(crate) async fn listening(
    db: &impl ConnectionTrait,
    portfolio: Id<kind::Portfolio>,
) -> Result<Vec<Endpoint>, Error> {
    let query = Entity::find()
        .filter(Column::PortfolioId.eq(portfolio.uuid()))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::DisabledReason.is_null())
        .order_by_asc(Column::Id)
        .lock(LockType::Share);
    query.all(db).await?.into_iter().map(|row| Ok(from_row(row)?.endpoint)).collect()
}

/// How many endpoints a portfolio has.
pub(crate) async fn count(db: &impl ConnectionTrait, portfolio: Uuid) -> Result<u64, Error> {
    let query = Entity::find().filter(Column::PortfolioId.eq(portfolio)).filter(Column::DeletedAt.is_null());
    Ok(query.count(db).await?)
}

/// Writes a new endpoint.
pub(crate) async fn insert(db: &impl ConnectionTrait, stored: &Stored) -> Result<(), Error> {
    Entity::insert(to_row(stored)?).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a changed endpoint, which is locked, and raises its version.
pub(crate) async fn save(
    db: &impl ConnectionTrait,
    stored: &mut Stored,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    stored.endpoint.version += 1;
    stored.endpoint.updated_at = now;
    Entity::update(to_row(stored)?).exec_without_returning(db).await?;
    Ok(())
}

/// Takes an endpoint away with its secrets. Its deliveries stay.
pub(crate) async fn delete(
    db: &impl ConnectionTrait,
    id: Id<kind::WebhookEndpoint>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let change = ActiveModel {
        id: Set(id.uuid()),
        secrets: Set(json!([])),
        deleted_at: Set(Some(now)),
        ..Default::default()
    };
    Entity::update(change).exec_without_returning(db).await?;
    Ok(())
}

/// What the audit shows of an endpoint.
pub(crate) fn state(stored: &Stored) -> Value {
    let Endpoint { id, settings, state, .. } = &stored.endpoint;
    let secrets = stored.secrets.iter();
    let secrets: Vec<_> =
        secrets.map(|secret| json!({ "hint": secret.hint, "expires_at": secret.expires_at })).collect();
    let (disabled, failing) = parts(state);
    json!({
        "endpoint_id": id,
        "settings": settings,
        "disabled": disabled.map(|(reason, _)| reason),
        "failing_since": failing,
        "secrets": secrets,
    })
}

/// A row as the domain's endpoint, with its secrets.
pub(crate) fn from_row(row: Model) -> Result<Stored, Error> {
    let state = match (row.disabled_reason, row.disabled_at) {
        (None, None) => State::Enabled { failing_since: row.failing_since },
        (Some(reason), Some(since)) => State::Disabled { reason: *reason, since },
        _ => return Err(corrupt("a webhook endpoint of no known state")),
    };
    let endpoint = Endpoint {
        id: Id::new(row.id),
        portfolio_id: Id::new(row.portfolio_id),
        settings: Settings {
            url: row.url,
            description: row.description,
            event_types: row.event_types.map(serde_json::from_value).transpose()?,
        },
        state,
        created_by: Id::new(row.created_by_id),
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    };
    Ok(Stored { endpoint, secrets: serde_json::from_value(row.secrets)? })
}

/// Why, and since when.
type Disabled = (DisabledReason, DateTime<Utc>);

/// Why and since when it is disabled, or since when it fails.
fn parts(state: &State) -> (Option<Disabled>, Option<DateTime<Utc>>) {
    match *state {
        State::Enabled { failing_since } => (None, failing_since),
        State::Disabled { reason, since } => (Some((reason, since)), None),
    }
}

fn to_row(stored: &Stored) -> Result<ActiveModel, Error> {
    let Stored { endpoint, secrets } = stored;
    let (disabled, failing_since) = parts(&endpoint.state);
    let settings = &endpoint.settings;
    Ok(ActiveModel {
        id: Set(endpoint.id.uuid()),
        portfolio_id: Set(endpoint.portfolio_id.uuid()),
        url: Set(settings.url.clone()),
        description: Set(settings.description.clone()),
        event_types: Set(settings.event_types.as_ref().map(serde_json::to_value).transpose()?),
        secrets: Set(serde_json::to_value(secrets)?),
        disabled_reason: Set(disabled.map(|(reason, _)| reason.into())),
        disabled_at: Set(disabled.map(|(_, since)| since)),
        failing_since: Set(failing_since),
        created_by_id: Set(endpoint.created_by.uuid()),
        created_at: Set(endpoint.created_at),
        updated_at: Set(endpoint.updated_at),
        deleted_at: Set(None),
        version: Set(endpoint.version),
    })
}
