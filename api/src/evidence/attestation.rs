//! Attestations, and which evidence supports them.

use std::{collections::HashMap, sync::Arc};

use app::query::{batch, rows};
use async_graphql::{Context, ID, Json, Object};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Evidence, EvidenceOfRun};
use crate::{
    cost::list_size,
    error::optional,
    global_id::{Kind, encode},
    loader::{Group, Loads, Reader, grouped},
    person::Person,
    record::record,
    session::session,
};

/// A person's attestation.
#[derive(Clone)]
pub(crate) struct Attestation(pub(crate) Arc<rows::Attestation>);

record!(Attestation, rows::Attestation, scope);

/// The attestations of a stage run that hold now, by the stage run's id.
pub(crate) struct AttestationsOfRun;

impl Loads for AttestationsOfRun {
    type Value = Group<rows::Attestation>;

    async fn read(reader: &Reader, runs: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        batch::attestations_of_runs(reader.app(), reader.scope(), runs).await.map(grouped)
    }
}

/// Which evidence the attestations of a stage run cite, by the stage run's id.
struct CitationsOfRun;

impl Loads for CitationsOfRun {
    type Value = Group<rows::Citation>;

    async fn read(reader: &Reader, runs: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, app::Error> {
        batch::citations_of_runs(reader.app(), reader.scope(), runs).await.map(grouped)
    }
}

/// A person's statement that a label or a criterion holds, or that a fact has a value.
#[Object]
impl Attestation {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Attestation, self.0.id)
    }

    /// Target of the attestation within the stage: `done_when:KEY`, `criterion:GATE/CRITERION` or `fact:NAME`.
    async fn target(&self) -> &str {
        &self.0.target
    }

    /// Attested value of a fact, under the name of its type. Null unless a fact is attested.
    async fn value(&self) -> Option<Json<serde_json::Value>> {
        self.0.value.clone().map(Json)
    }

    /// Role in which the person attested.
    async fn role(&self) -> &str {
        &self.0.by_role
    }

    /// Person who attested.
    async fn by(&self, ctx: &Context<'_>) -> Option<async_graphql::Result<Person>> {
        optional(Person::by_name(ctx, self.0.by_person_id)).await
    }

    /// Remark, at most 2,000 characters. Null when the person made none.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Time of the attestation.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Evidence for the attestation: submitted with it or cited by it. Withdrawn evidence is included.
    #[graphql(directive = list_size::apply(2))]
    async fn evidence(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Evidence>> {
        let support = Support::of(ctx, self.0.stage_run_id).await?;
        Ok(support.of_attestation(self.0.id).cloned().map(Evidence).collect())
    }
}

/// What supports the attestations of a stage run.
pub(crate) struct Support {
    pieces: Group<rows::Evidence>,
    citations: Group<rows::Citation>,
}

impl Support {
    /// Of a stage run, by its id.
    pub(crate) async fn of(ctx: &Context<'_>, run: Uuid) -> async_graphql::Result<Self> {
        let session = session(ctx)?;
        let pieces = session.load::<EvidenceOfRun>(run).await?;
        let citations = session.load::<CitationsOfRun>(run).await?;
        Ok(Self { pieces: pieces.unwrap_or_default(), citations: citations.unwrap_or_default() })
    }

    /// The evidence that was submitted with an attestation or is cited by it.
    pub(crate) fn of_attestation(&self, id: Uuid) -> impl Iterator<Item = &Arc<rows::Evidence>> {
        let cited = move |piece: Uuid| {
            self.citations.iter().any(|row| row.attestation_id == id && row.evidence_id == piece)
        };
        self.pieces.iter().filter(move |row| row.attestation_id == Some(id) || cited(row.id))
    }
}
