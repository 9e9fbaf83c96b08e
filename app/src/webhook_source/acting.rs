//! Webhook sources at work: the secrets that an event may be signed by, and the person as whom its source acts.
//!
//! A source signs in nowhere else: what it asks for comes as events, which are kept before they are handled.

use chrono::{DateTime, Utc};
use domain::id::{Id, kind};
use entity::{person, webhook_event, webhook_source};
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, App, Error, Scope,
    actor::{Credential, Membership, Person},
    member,
    messages::{Message, queues},
    secret::SigningSecret,
    store,
};

/// The agent that keeps what sources send.
pub const RECEIVER: &str = "webhook-receiver";

/// Has an event handled that was kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandleWebhookEvent {
    /// The event.
    pub webhook_event_id: Id<kind::WebhookEvent>,
}

impl Message for HandleWebhookEvent {
    const NAME: &'static str = "handle_webhook_event";
    const QUEUE: &'static str = queues::WEBHOOK_HANDLER;
}

/// The secrets by which a source may sign now, the newest first; none of a source that is unknown or disabled.
pub async fn secrets(app: &App, id: Id<kind::WebhookSource>) -> Result<Vec<SigningSecret>, Error> {
    let found = webhook_source::Entity::find_by_id(id.uuid()).one(app.database().read()).await?;
    let Some(source) = found.filter(|source| source.disabled_at.is_none()) else { return Ok(Vec::new()) };
    good(&source, app.clock().now())
        .map(|sealed| app.keyring().open(source.id, sealed).map(SigningSecret::known))
        .collect()
}

/// The sealed secrets that are good at a time.
fn good(source: &webhook_source::Model, now: DateTime<Utc>) -> impl Iterator<Item = &Vec<u8>> {
    let lasts = source.previous_secret_until.is_some_and(|until| until > now);
    std::iter::once(&source.secret).chain(source.previous_secret.iter().filter(move |_| lasts))
}

/// An event as it was kept.
pub async fn event(app: &App, id: Id<kind::WebhookEvent>) -> Result<Option<webhook_event::Model>, Error> {
    Ok(webhook_event::Entity::find_by_id(id.uuid()).one(app.database().read()).await?)
}

/// As whom a source acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// The source's person, with the roles they have now. A disabled source's reaches nothing.
    pub actor: Actor,
    /// Whether the source is disabled.
    pub disabled: bool,
}

/// As whom a source acts now.
pub async fn acting(app: &App, id: Id<kind::WebhookSource>) -> Result<Acting, Error> {
    let db = app.database().read();
    let source = store::find::<webhook_source::Model>(db, &Scope::All, id).await?;
    let person = person::Entity::find_by_id(source.person_id).one(db).await?;
    let person = person.ok_or_else(|| store::corrupt("a webhook source that is nobody"))?;
    let disabled = source.disabled_at.is_some();
    let place = member::store::of(db, source.portfolio_id, source.person_id).await?;
    let places = place.iter().filter(|_| !disabled).map(|place| {
        Ok(Membership { portfolio_id: Id::new(place.portfolio_id), roles: member::store::roles(place)? })
    });
    let actor = Actor::Person(Person {
        id: Id::new(person.id),
        handle: person.handle,
        name: person.name,
        memberships: places.collect::<Result<_, Error>>()?,
        credential: Credential::Source { id },
    });
    Ok(Acting { actor, disabled })
}
