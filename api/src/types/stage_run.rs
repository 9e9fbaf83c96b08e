//! Stage runs.

use std::sync::Arc;

use app::query::{gate_runs, rows};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    connection::{GateRunConnection, Listed, asked, request},
    evidence::{Attestation, Evidence, Support},
    filter::GateRunFilter,
    gate::Gate,
    order::GateRunOrder,
    playbook::Playbook,
    portfolio::by_id,
    stage::Stage,
};
use crate::{
    cost::list_size,
    error::not_found,
    global_id::{Kind, encode},
    loader::{AttestationsOfRun, EvidenceOfRun, Group},
    session::session,
};

/// One attempt of a venture at one stage.
#[derive(Clone)]
pub(crate) struct StageRun(pub(crate) Arc<rows::StageRun>);

/// How far a stage run is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StageRunStatus {
    /// Opened; its entry gates have not all passed.
    Entering,
    /// Entered; its exit gates may be validated and the stage left.
    Active,
    /// Left through its exit gates.
    Completed,
    /// Ended with its venture.
    Abandoned,
}

impl StageRunStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Entering => "ENTERING",
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Abandoned => "ABANDONED",
        }
    }
}

/// A done-when label in a run, and who attested it.
#[derive(SimpleObject)]
pub(crate) struct DoneWhenState {
    /// Its key: what `attest` takes as `doneWhen`.
    key: String,
    /// The label.
    label: String,
    /// Key of its substage.
    substage: String,
    /// The role that answers for it.
    owner: String,
    /// Whether it is attested with evidence that was not withdrawn.
    done: bool,
    /// The attestation that holds now; null: none was given.
    attestation: Option<Attestation>,
}

impl StageRun {
    fn stage_number(&self) -> u32 {
        u32::try_from(self.0.stage).unwrap_or(0)
    }

    async fn attested(&self, ctx: &Context<'_>) -> async_graphql::Result<Group<rows::Attestation>> {
        let found = session(ctx)?.load(AttestationsOfRun(self.0.id)).await?;
        Ok(found.unwrap_or_default())
    }
}

/// One attempt of a venture at one stage.
#[Object]
impl StageRun {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::StageRun, self.0.id)
    }

    /// The stage, in the playbook version this run started with.
    async fn stage(&self, ctx: &Context<'_>) -> async_graphql::Result<Stage> {
        let playbook = by_id(ctx, self.0.playbook_id).await?.playbook;
        Ok(Stage { playbook, number: self.stage_number() })
    }

    /// The playbook version this run started with.
    async fn playbook(&self, ctx: &Context<'_>) -> async_graphql::Result<Playbook> {
        by_id(ctx, self.0.playbook_id).await
    }

    /// Counts the venture's runs of the stage, from 1.
    async fn attempt(&self) -> i32 {
        i32::from(self.0.attempt)
    }

    /// How far it is.
    async fn status(&self) -> StageRunStatus {
        match self.0.status.as_str() {
            "ENTERING" => StageRunStatus::Entering,
            "ACTIVE" => StageRunStatus::Active,
            "COMPLETED" => StageRunStatus::Completed,
            _ => StageRunStatus::Abandoned,
        }
    }

    /// When it opened.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    /// When its entry gates had all passed.
    async fn entered_at(&self) -> Option<DateTime<Utc>> {
        self.0.entered_at
    }

    /// When its expected days are over.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// When it was found late.
    async fn late_at(&self) -> Option<DateTime<Utc>> {
        self.0.late_at
    }

    /// When it was completed or abandoned.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Its gates, entry before exit, each with its latest run.
    #[graphql(directive = list_size::apply(5))]
    async fn gates(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Gate>> {
        let playbook = by_id(ctx, self.0.playbook_id).await?.playbook;
        let stage = playbook.stage(self.stage_number()).ok_or_else(|| not_found("the stage"))?;
        let gate = |gate: &domain::playbook::Gate| Gate {
            playbook: Arc::clone(&playbook),
            stage: stage.number,
            key: gate.key.clone(),
            run: Some(self.0.id),
        };
        Ok(stage.gates().map(gate).collect())
    }

    /// Its done-when labels, and who attested them.
    async fn done_when(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<DoneWhenState>> {
        let playbook = by_id(ctx, self.0.playbook_id).await?.playbook;
        let stage = playbook.stage(self.stage_number()).ok_or_else(|| not_found("the stage"))?;
        let (attested, support) = (self.attested(ctx).await?, Support::of(ctx, self.0.id).await?);
        let mut states = Vec::new();
        for substage in &stage.substages {
            for label in &substage.done_when {
                let target = format!("done_when:{}", label.key);
                let attestation = attested.iter().find(|row| row.target == target).cloned();
                let stands = |id| support.of_attestation(id).any(|piece| piece.withdrawn_at.is_none());
                states.push(DoneWhenState {
                    key: label.key.clone(),
                    label: label.label.clone(),
                    substage: substage.key.clone(),
                    owner: substage.owner.to_string(),
                    done: attestation.as_ref().is_some_and(|row| stands(row.id)),
                    attestation: attestation.map(Attestation),
                });
            }
        }
        Ok(states)
    }

    /// What is attested now: labels, criteria and facts.
    async fn attestations(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Attestation>> {
        Ok(self.attested(ctx).await?.iter().cloned().map(Attestation).collect())
    }

    /// All its evidence, withdrawn pieces too, oldest first.
    async fn evidence(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Evidence>> {
        let found = session(ctx)?.load(EvidenceOfRun(self.0.id)).await?;
        let pieces = found.unwrap_or_default();
        Ok(pieces.iter().cloned().map(Evidence).collect())
    }

    /// Validations of its gates, all of them.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn gate_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which gate runs; all when not given.")] filter: Option<GateRunFilter>,
        #[graphql(desc = "In which order; by when they were asked for when not given.")] order_by: Option<
            GateRunOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<GateRunConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (gate_runs::Parent::StageRun, self.0.id), asked).await.map(GateRunConnection)
    }
}
