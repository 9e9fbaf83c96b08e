//! API tokens: made here, shown once, kept as a hash, and turned into an actor.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    Refusal, Role,
    id::{Id, kind},
};
use entity::{member, person, portfolio, token};
use rand::RngCore;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, App, Error, Scope,
    actor::{Membership, Person},
    store,
};

/// Every token starts so: secret scanners know it by its prefix.
pub const PREFIX: &str = "venturi_";

/// The hash under which a token is kept. A token has 256 random bits, so a plain digest suffices.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn random() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes a token for the person who holds `role`, and no other, in the portfolio `slug`; the person is
/// made if there is none yet. The token is returned once and cannot be read again.
pub async fn create(
    app: &App,
    slug: &str,
    role: &Role,
    expires_at: Option<DateTime<Utc>>,
) -> Result<String, Error> {
    let tx = app.database().begin().await?;
    let portfolio = store::portfolio::by_slug(&tx, &Scope::All, slug)
        .await?
        .ok_or_else(|| Refusal::invalid("portfolio", format!("there is no portfolio {slug:?}")))?;
    let playbook = app.playbooks().get(&tx, Id::new(portfolio.playbook_id)).await?;
    if !role.is_platform() && !playbook.roles.contains_key(role) {
        let known: Vec<_> = playbook.roles.keys().map(Role::as_str).chain(Role::PLATFORM).collect();
        let message = format!("there is no role {role}; the portfolio has {}", known.join(", "));
        return Err(Refusal::invalid("role", message).into());
    }
    let person_id = holder(app, &tx, &portfolio, role).await?;
    let secret = random();
    token::Entity::insert(token::ActiveModel {
        id: Set(app.ids().next()),
        person_id: Set(person_id),
        hash: Set(hash(&secret)),
        label: Set(format!("{slug} {role}")),
        created_at: Set(app.clock().now()),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
    })
    .exec_without_returning(&tx)
    .await?;
    tx.commit().await?;
    Ok(secret)
}

/// The person named after a role in a portfolio.
async fn holder(
    app: &App,
    tx: &sea_orm::DatabaseTransaction,
    portfolio: &portfolio::Model,
    role: &Role,
) -> Result<Uuid, Error> {
    let handle = format!("{}.{}", portfolio.slug, role.as_str().to_ascii_lowercase());
    let found = person::Entity::find().filter(person::Column::Handle.eq(&handle)).one(tx).await?;
    if let Some(found) = found {
        return Ok(found.id);
    }
    let id = app.ids().next();
    let now = app.clock().now();
    let row = person::ActiveModel {
        id: Set(id),
        handle: Set(handle),
        name: Set(format!("{role} of {}", portfolio.name)),
        created_at: Set(now),
    };
    person::Entity::insert(row).exec_without_returning(tx).await?;
    join(app, tx, portfolio.id, id, std::slice::from_ref(role), now).await?;
    Ok(id)
}

/// Makes a person a member of a portfolio.
pub(crate) async fn join(
    app: &App,
    tx: &sea_orm::DatabaseTransaction,
    portfolio: Uuid,
    person: Uuid,
    roles: &[Role],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    member::Entity::insert(member::ActiveModel {
        id: Set(app.ids().next()),
        portfolio_id: Set(portfolio),
        person_id: Set(person),
        roles: Set(serde_json::to_value(roles)?),
        joined_at: Set(now),
    })
    .exec_without_returning(tx)
    .await?;
    Ok(())
}

/// Who holds a token: none when it is unknown, expired or revoked.
pub async fn authenticate(app: &App, secret: &str) -> Result<Option<Actor>, Error> {
    if !secret.starts_with(PREFIX) || secret.len() > 200 {
        return Ok(None);
    }
    let db = app.database().read();
    let found = token::Entity::find()
        .filter(token::Column::Hash.eq(hash(secret)))
        .filter(token::Column::RevokedAt.is_null())
        .one(db)
        .await?;
    let now = app.clock().now();
    let Some(token) = found.filter(|t| t.expires_at.is_none_or(|end| now < end)) else { return Ok(None) };
    person_by_id(app, Id::new(token.person_id)).await.map(|person| person.map(Actor::Person))
}

/// The person with their memberships as they are now.
pub async fn person_by_id(app: &App, id: Id<kind::Person>) -> Result<Option<Person>, Error> {
    let db = app.database().read();
    let Some(row) = person::Entity::find_by_id(id.uuid()).one(db).await? else { return Ok(None) };
    let members = member::Entity::find().filter(member::Column::PersonId.eq(id.uuid())).all(db).await?;
    let memberships = members.into_iter().map(|member| {
        let roles = serde_json::from_value(member.roles)?;
        Ok(Membership { portfolio_id: Id::new(member.portfolio_id), roles })
    });
    Ok(Some(Person {
        id,
        handle: row.handle,
        name: row.name,
        memberships: memberships.collect::<Result<_, Error>>()?,
    }))
}
