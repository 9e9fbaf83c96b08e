//! Evidence, what it supports, and the files it is in.

mod attestation;
mod file;
mod list;
mod mutation;

use std::{collections::HashMap, sync::Arc};

use app::query::{batch, rows};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::evidence::ContentKind;
use uuid::Uuid;

pub(crate) use attestation::{Attestation, AttestationsOfRun, Support};
pub(crate) use file::File;
pub(crate) use list::EvidenceFilter;
pub(crate) use mutation::EvidenceMutation;

use crate::{
    action::Action,
    cost::list_size,
    error::optional,
    global_id::{Kind, encode},
    loader::{Group, Loads, Reader, grouped},
    person::Person,
    record::record,
    session::session,
};

/// A piece of evidence.
#[derive(Clone)]
pub(crate) struct Evidence(pub(crate) Arc<rows::Evidence>);

record!(Evidence, rows::Evidence, scope);

/// All evidence of a stage run, by the stage run's id.
pub(crate) struct EvidenceOfRun;

impl Loads for EvidenceOfRun {
    type Value = Group<rows::Evidence>;

    async fn read(reader: &Reader, runs: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        batch::evidence_of_runs(reader.app(), reader.scope(), runs).await.map(grouped)
    }
}

/// Kind of a piece of evidence.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ContentKind")]
pub(crate) enum EvidenceKind {
    /// A link.
    Link,
    /// A text.
    Text,
    /// An uploaded file.
    File,
}

/// A piece of evidence of a stage run. It supports the attestation that it was submitted with, and attestations that
/// cite it.
#[Object]
impl Evidence {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Evidence, self.0.id)
    }

    /// Kind. It says which of `link`, `text` and `file` is given.
    async fn kind(&self) -> EvidenceKind {
        (*self.0.kind).into()
    }

    /// What the viewer can do with the evidence.
    #[graphql(directive = list_size::apply(1))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of(ctx, &*self.0).await
    }

    /// Title, 1 to 200 characters.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The link. Null unless the kind is LINK.
    async fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// The text. Null unless the kind is TEXT.
    async fn text(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The file. Null unless the kind is FILE.
    async fn file(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<File>> {
        optional(async {
            let Some(id) = self.0.file_id else { return Ok(None) };
            session(ctx)?.find(id).await
        })
        .await
    }

    /// Person who submitted the evidence.
    async fn submitted_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(Person::by_name(ctx, self.0.by_person_id)).await
    }

    /// Time of submission.
    async fn submitted_at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Time of withdrawal. Null while the evidence counts.
    async fn withdrawn_at(&self) -> Option<DateTime<Utc>> {
        self.0.withdrawn_at
    }

    /// Reason for the withdrawal. Null while the evidence counts.
    async fn withdrawn_reason(&self) -> Option<&str> {
        self.0.withdrawn_reason.as_deref()
    }
}
