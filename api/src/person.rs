//! Persons.

use std::{collections::HashMap, sync::Arc};

use app::query::{batch, persons, rows};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::member;
use uuid::Uuid;

use crate::{
    error::{not_found, optional},
    global_id::{Kind, encode},
    loader::{Loads, Reader},
    record::{FromRow, Record},
    session::session,
};

/// A person.
#[derive(Clone)]
pub(crate) struct Person(Arc<rows::Person>);

impl FromRow for Person {
    type Row = rows::Person;

    fn of(row: Arc<rows::Person>) -> Self {
        Self(row)
    }
}

impl Record for Person {
    const KIND: Kind = Kind::Person;

    /// Those who share a portfolio with the caller, one statement each: only `node` and `nodes` ask for persons.
    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::Person>, app::Error> {
        let mut found = HashMap::new();
        for id in ids {
            let person = persons::find(reader.app(), reader.actor()?, *id).await?;
            found.extend(person.map(|person| (*id, person)));
        }
        Ok(found)
    }
}

/// A person wherever they acted, by id, for whoever sees what they did.
struct Named;

impl Loads for Named {
    type Value = Arc<rows::Person>;

    async fn read(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        let found = batch::persons(reader.app(), ids).await?;
        Ok(found.into_iter().map(|(id, row)| (id, Arc::new(row))).collect())
    }
}

/// Whether the caller may know a person's e-mail address and subject, by the person's id.
struct Known;

impl Loads for Known {
    type Value = ();

    async fn read(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, ()>, app::Error> {
        let known = persons::known_to(reader.app(), reader.actor()?, ids).await?;
        Ok(known.into_iter().map(|id| (id, ())).collect())
    }
}

/// Kind of a person's record.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "member::PersonKind")]
pub(crate) enum PersonKind {
    /// A human being.
    Person,
    /// A system that calls the API.
    Service,
}

impl Person {
    /// The person who acted somewhere; none when there is no such person.
    pub(crate) async fn by_name(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Option<Self>> {
        Ok(session(ctx)?.load::<Named>(id).await?.map(Self))
    }

    /// The name, for whoever sees what the person did.
    pub(crate) fn shown_name(&self) -> &str {
        &self.0.name
    }

    /// The same, where there must be one.
    pub(crate) async fn acting(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Self> {
        Self::by_name(ctx, id).await?.ok_or_else(|| not_found("the person"))
    }

    /// A value that not every caller may know.
    async fn known<'a>(
        &self,
        ctx: &Context<'_>,
        value: Option<&'a str>,
    ) -> async_graphql::Result<Option<&'a str>> {
        if value.is_none() {
            return Ok(None);
        }
        let known = session(ctx)?.load::<Known>(self.0.id).await?;
        Ok(value.filter(|_| known.is_some()))
    }
}

/// A person or a service that acts, in any number of portfolios. Handle and name are shown wherever the person acted.
/// `node` finds the person for callers who share a portfolio with them.
#[Object]
impl Person {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Person, self.0.id)
    }

    /// Short name, unique over all portfolios.
    async fn handle(&self) -> &str {
        &self.0.handle
    }

    /// Name, 1 to 120 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Kind.
    async fn kind(&self) -> PersonKind {
        (*self.0.kind).into()
    }

    /// Time at which the person was added to the system.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// E-mail address. Shown to the person and to the ADMINs of their portfolios. Null for other callers, and when no
    /// address is on record.
    async fn email(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<&str>> {
        optional(self.known(ctx, self.0.email.as_deref())).await
    }

    /// Subject (`sub`) of the person at the OIDC issuer. Shown to the person and to the ADMINs of their portfolios.
    /// Null for other callers, and when the person signs in with API tokens only.
    async fn oidc_subject(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<&str>> {
        optional(self.known(ctx, self.0.subject.as_deref())).await
    }
}
