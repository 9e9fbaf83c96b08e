//! Stage runs.

mod list;

use std::sync::Arc;

use app::query::{
    gate_runs::{self, GateRuns},
    rows,
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{RootId, evidence::Target, stage_run::StatusKind};

pub(crate) use list::StageRunFilter;

use crate::{
    action::Action,
    cost::list_size,
    error::not_found,
    evidence::{Attestation, AttestationsOfRun, Evidence, EvidenceOfRun, Support},
    gate_run::GateRunFilter,
    global_id::{Kind, encode},
    list::{Connection, Order, asked, request},
    loader::Group,
    playbook::{Gate, Playbook, Stage},
    record::record,
    root::Root,
    session::session,
};

/// A run of one stage.
#[derive(Clone)]
pub(crate) struct StageRun(pub(crate) Arc<rows::StageRun>);

record!(StageRun, rows::StageRun, scope);

/// Status of a stage run.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StatusKind")]
pub(crate) enum StageRunStatus {
    /// The run is open, and at least one entry gate has not passed.
    Entering,
    /// All entry gates have passed. Exit gates can be validated.
    Active,
    /// The stage was left through its exit gates.
    Completed,
    /// The run ended because its venture ended.
    Abandoned,
    /// The run ended because a person left the stage out.
    Skipped,
}

/// A done-when label in a stage run, with the attestation that holds now.
#[derive(SimpleObject)]
pub(crate) struct DoneWhenState {
    /// Key of the label. `attest` takes it as `doneWhen`.
    key: String,
    /// Text of the label.
    label: String,
    /// Key of the substage that the label belongs to.
    substage: String,
    /// Role that owns the substage.
    owner: String,
    /// Whether the label is attested and at least one piece of its evidence is not withdrawn.
    done: bool,
    /// Latest attestation of the label. Null when the label was never attested.
    attestation: Option<Attestation>,
}

impl StageRun {
    pub(crate) fn row(&self) -> &rows::StageRun {
        &self.0
    }

    fn stage_number(&self) -> u32 {
        u32::try_from(self.0.stage).unwrap_or(0)
    }

    async fn attested(&self, ctx: &Context<'_>) -> async_graphql::Result<Group<rows::Attestation>> {
        Ok(session(ctx)?.load::<AttestationsOfRun>(self.0.id).await?.unwrap_or_default())
    }
}

/// One attempt of a venture, or of a portfolio, at one stage.
#[Object]
impl StageRun {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::StageRun, self.0.id)
    }

    /// The stage, in the playbook version that the run started with.
    async fn stage(&self, ctx: &Context<'_>) -> async_graphql::Result<Stage> {
        Ok(self.playbook(ctx).await?.stage_numbered(self.stage_number()))
    }

    /// Playbook version that the run started with. A run ends with the version it started with.
    async fn playbook(&self, ctx: &Context<'_>) -> async_graphql::Result<Playbook> {
        Playbook::by_id(ctx, self.0.playbook_id).await
    }

    /// Number of the venture's attempt at the stage, from 1.
    async fn attempt(&self) -> i32 {
        i32::from(self.0.attempt)
    }

    /// Status.
    async fn status(&self) -> StageRunStatus {
        (*self.0.status).into()
    }

    /// Venture or portfolio that the run belongs to.
    async fn root(&self, ctx: &Context<'_>) -> async_graphql::Result<Root> {
        Root::of(ctx, RootId::of(self.0.portfolio_id, self.0.venture_id)).await
    }

    /// What the viewer can do in the run: attest, submit evidence, request validations.
    #[graphql(directive = list_size::apply(4))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of(ctx, &*self.0).await
    }

    /// Time at which the run was opened.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    /// Time at which the last entry gate passed. Null while the status is ENTERING.
    async fn entered_at(&self) -> Option<DateTime<Utc>> {
        self.0.entered_at
    }

    /// Time at which the stage's expected days are over. A run that is open after this time is late.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// Time at which the run was flagged as late. Null while it is not late.
    async fn late_at(&self) -> Option<DateTime<Utc>> {
        self.0.late_at
    }

    /// Time at which the run was completed or abandoned. Null while it is open.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Gates of the stage, entry gates first, each with its latest run.
    #[graphql(directive = list_size::apply(5))]
    async fn gates(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Gate>> {
        let playbook = self.playbook(ctx).await?.playbook;
        let stage = playbook.stage(self.stage_number()).ok_or_else(|| not_found("the stage"))?;
        let gate = |gate: &domain::playbook::Gate| Gate {
            playbook: Arc::clone(&playbook),
            stage: stage.number,
            key: gate.key.clone(),
            run: Some(self.0.id),
        };
        Ok(stage.gates().map(gate).collect())
    }

    /// Done-when labels of the stage, with their attestations.
    async fn done_when(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<DoneWhenState>> {
        let playbook = self.playbook(ctx).await?.playbook;
        let stage = playbook.stage(self.stage_number()).ok_or_else(|| not_found("the stage"))?;
        let (attested, support) = (self.attested(ctx).await?, Support::of(ctx, self.0.id).await?);
        let mut states = Vec::new();
        for substage in &stage.substages {
            for label in &substage.done_when {
                let target = Target::DoneWhen(label.key.clone()).key();
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

    /// Attestations that hold now: of labels, criteria and facts. An attestation that was replaced by a newer one is
    /// left out.
    async fn attestations(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Attestation>> {
        Ok(self.attested(ctx).await?.iter().cloned().map(Attestation).collect())
    }

    /// All evidence of the run, withdrawn evidence included, oldest first.
    async fn evidence(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Evidence>> {
        let pieces = session(ctx)?.load::<EvidenceOfRun>(self.0.id).await?.unwrap_or_default();
        Ok(pieces.iter().cloned().map(Evidence).collect())
    }

    /// Gate runs of this stage run.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn gate_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all gate runs.")] filter: Option<
            GateRunFilter,
        >,
        #[graphql(desc = "Sort order. Default: REQUESTED_AT, ASC.")] order_by: Option<Order<GateRuns>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<GateRuns>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (gate_runs::Parent::StageRun, self.0.id), asked).await
    }
}
