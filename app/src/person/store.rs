//! Persons: one record each, whatever portfolios they are members of.

use chrono::{DateTime, Utc};
use domain::{Refusal, member::PersonKind, refusal::Code};
use entity::person::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::Error;

/// What a new person's record says.
#[derive(Clone, Debug)]
pub(crate) struct NewPerson {
    /// Unique short name.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Who stands behind it.
    pub kind: PersonKind,
    /// E-mail address.
    pub email: Option<String>,
    /// OIDC issuer and subject.
    pub subject: Option<(String, String)>,
}

/// The person of this handle, whoever asks: handles are unique over all portfolios.
pub(crate) async fn by_handle(db: &impl ConnectionTrait, handle: &str) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(Column::Handle.eq(handle)).one(db).await?)
}

/// Refuses an issuer's subject that is somebody's already.
pub(crate) async fn require_free(
    db: &impl ConnectionTrait,
    (issuer, subject): &(String, String),
) -> Result<(), Error> {
    let query = Entity::find().filter(Column::Issuer.eq(issuer)).filter(Column::Subject.eq(subject));
    if query.one(db).await?.is_none() {
        return Ok(());
    }
    let message = "another person is known to be this subject of the issuer";
    Err(Refusal::new(Code::SubjectTaken, message).at("oidcSubject").into())
}

/// Gives a person another name.
pub(crate) async fn rename(db: &impl ConnectionTrait, id: Uuid, name: &str) -> Result<(), Error> {
    let change = ActiveModel { id: Set(id), name: Set(name.to_owned()), ..Default::default() };
    Entity::update(change).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a new person.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    id: Uuid,
    person: NewPerson,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (issuer, subject) = person.subject.unzip();
    Entity::insert(ActiveModel {
        id: Set(id),
        handle: Set(person.handle),
        name: Set(person.name),
        created_at: Set(now),
        kind: Set(person.kind.into()),
        email: Set(person.email),
        issuer: Set(issuer),
        subject: Set(subject),
    })
    .exec_without_returning(db)
    .await?;
    Ok(())
}
