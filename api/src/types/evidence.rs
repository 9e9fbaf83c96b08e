//! Attestations and evidence.

use std::sync::Arc;

use app::query::{batch::FileInfo, rows};
use async_graphql::{ComplexObject, Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{gate_run::person, person::Person};
use crate::{
    cost::list_size,
    error::optional,
    global_id::{Kind, encode},
    loader::{CitationsOfRun, EvidenceOfRun, FileKey, Group},
    session::session,
};

/// Something that supports attestations: submitted with one, or by itself and cited.
#[derive(Clone)]
pub(crate) struct Evidence(pub(crate) Arc<rows::Evidence>);

/// What a piece of evidence is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EvidenceKind {
    /// A link.
    Link,
    /// A text.
    Text,
    /// An uploaded file.
    File,
}

impl EvidenceKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Link => "LINK",
            Self::Text => "TEXT",
            Self::File => "FILE",
        }
    }
}

/// An uploaded file.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct File {
    /// Its name as uploaded.
    name: String,
    /// Its media type.
    media_type: String,
    /// Its size in bytes.
    size_bytes: i64,
    /// Lower-case hex SHA-256 of its bytes.
    sha256: String,
    #[graphql(skip)]
    uuid: uuid::Uuid,
}

#[ComplexObject]
impl File {
    /// Its global id: what `EvidenceContentInput.fileId` takes.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::File, self.uuid)
    }

    /// Path from which it is downloaded, with the same token.
    async fn path(&self) -> String {
        format!("/files/{}", *encode(Kind::File, self.uuid))
    }
}

impl From<&FileInfo> for File {
    fn from(file: &FileInfo) -> Self {
        let FileInfo { id, name, media_type, size_bytes, sha256 } = file.clone();
        Self { name, media_type, size_bytes, sha256, uuid: id }
    }
}

/// Something that supports attestations: submitted with one, or by itself and cited.
#[Object]
impl Evidence {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Evidence, self.0.id)
    }

    /// What it is.
    async fn kind(&self) -> EvidenceKind {
        match self.0.kind.as_str() {
            "LINK" => EvidenceKind::Link,
            "TEXT" => EvidenceKind::Text,
            _ => EvidenceKind::File,
        }
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The link, if it is one.
    async fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// The text, if it is one.
    async fn text(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The file, if it is one.
    async fn file(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<File>> {
        optional(async {
            let Some(id) = self.0.file_id else { return Ok(None) };
            let found = session(ctx)?.load(FileKey(id)).await?;
            Ok(found.as_deref().map(File::from))
        })
        .await
    }

    /// Who submitted it.
    async fn submitted_by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async { person(ctx, self.0.by_person_id).await }).await
    }

    /// When it was submitted.
    async fn submitted_at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// When it was withdrawn; null: it counts.
    async fn withdrawn_at(&self) -> Option<DateTime<Utc>> {
        self.0.withdrawn_at
    }

    /// Why it was withdrawn.
    async fn withdrawn_reason(&self) -> Option<&str> {
        self.0.withdrawn_reason.as_deref()
    }
}

/// A person's word that a label or a criterion holds, or that a fact has a value.
#[derive(Clone)]
pub(crate) struct Attestation(pub(crate) Arc<rows::Attestation>);

/// A person's word that a label or a criterion holds, or that a fact has a value.
#[Object]
impl Attestation {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Attestation, self.0.id)
    }

    /// What it is about, within the stage: `done_when:KEY`, `criterion:GATE/CRITERION` or `fact:NAME`.
    async fn target(&self) -> &str {
        &self.0.target
    }

    /// The value attested, for a fact, under the name of its type.
    async fn value(&self) -> Option<Json<serde_json::Value>> {
        self.0.value.clone().map(Json)
    }

    /// The role in which the person spoke.
    async fn role(&self) -> &str {
        &self.0.by_role
    }

    /// Who.
    async fn by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(async { person(ctx, self.0.by_person_id).await }).await
    }

    /// A remark.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Its evidence, cited pieces and withdrawn ones too.
    #[graphql(directive = list_size::apply(2))]
    async fn evidence(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Evidence>> {
        let support = Support::of(ctx, self.0.stage_run_id).await?;
        Ok(support.of_attestation(self.0.id).cloned().map(Evidence).collect())
    }
}

/// What supports the attestations of a stage run.
pub(super) struct Support {
    pieces: Group<rows::Evidence>,
    citations: Group<rows::Citation>,
}

impl Support {
    pub(super) async fn of(ctx: &Context<'_>, run: Uuid) -> async_graphql::Result<Self> {
        let session = session(ctx)?;
        let pieces = session.load(EvidenceOfRun(run)).await?;
        let citations = session.load(CitationsOfRun(run)).await?;
        Ok(Self { pieces: pieces.unwrap_or_default(), citations: citations.unwrap_or_default() })
    }

    /// What was submitted with an attestation, and what it cites.
    pub(super) fn of_attestation(&self, id: Uuid) -> impl Iterator<Item = &Arc<rows::Evidence>> {
        let cited = move |piece: Uuid| {
            self.citations.iter().any(|row| row.attestation_id == id && row.evidence_id == piece)
        };
        self.pieces.iter().filter(move |row| row.attestation_id == Some(id) || cited(row.id))
    }
}
