//! Ventures.

use std::sync::Arc;

use app::query::{events, evidence, gate_runs, metric_samples, stage_runs};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::venture::{self, Status};

use super::{
    connection::{
        EvidenceConnection, GateRunConnection, Listed, MetricSampleConnection, StageRunConnection,
        VentureEventConnection, asked, request,
    },
    filter::{EvidenceFilter, GateRunFilter, MetricSampleFilter, StageRunFilter, VentureEventFilter},
    gate_run::stage_run,
    order::{EvidenceOrder, GateRunOrder, MetricSampleOrder, StageRunOrder, VentureEventOrder},
    portfolio::{Portfolio, by_id},
    stage::Stage,
    stage_run::StageRun,
};
use crate::{
    error::not_found,
    global_id::{Kind, encode},
    loader::PortfolioKey,
    session::session,
};

/// A venture on its way through the stages.
#[derive(Clone)]
pub(crate) struct Venture(pub(crate) Arc<venture::Venture>);

/// Where a venture stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VentureStatus {
    /// It runs.
    Active,
    /// It rests until a person resumes it.
    Paused,
    /// It was given up.
    Killed,
    /// It passed the last stage.
    Completed,
}

impl VentureStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
            Self::Killed => "KILLED",
            Self::Completed => "COMPLETED",
        }
    }
}

/// A venture on its way through the stages.
#[Object]
impl Venture {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Venture, self.0.id.uuid())
    }

    /// Its name, 3 to 120 characters.
    async fn name(&self) -> &str {
        &self.0.profile.name
    }

    /// Its description, 20 to 2,000 characters.
    async fn description(&self) -> &str {
        &self.0.profile.description
    }

    /// Its category; null while it has none.
    async fn category(&self) -> Option<&str> {
        self.0.profile.category.as_deref()
    }

    /// IANA time zone in which its weeks begin and end.
    async fn zone(&self) -> &str {
        self.0.profile.zone.name()
    }

    /// ISO 4217 currency of its money.
    async fn currency(&self) -> &str {
        self.0.profile.currency.code()
    }

    /// Where it stands.
    async fn status(&self) -> VentureStatus {
        match self.0.status {
            Status::Active => VentureStatus::Active,
            Status::Paused { .. } => VentureStatus::Paused,
            Status::Killed { .. } => VentureStatus::Killed,
            Status::Completed { .. } => VentureStatus::Completed,
        }
    }

    /// Why it is paused or was killed.
    async fn status_reason(&self) -> Option<&str> {
        match &self.0.status {
            Status::Paused { reason, .. } | Status::Killed { reason, .. } => Some(reason),
            Status::Active | Status::Completed { .. } => None,
        }
    }

    /// Since when it is not active.
    async fn status_since(&self) -> Option<DateTime<Utc>> {
        match &self.0.status {
            Status::Active => None,
            Status::Paused { since, .. } | Status::Killed { since, .. } | Status::Completed { since } => {
                Some(*since)
            }
        }
    }

    /// Counts its changes, from 1: what `expectedVersion` takes.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Number of the last event of its history: what `ventureEvents(after:)` takes.
    async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// The portfolio it belongs to.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        let key = PortfolioKey(self.0.portfolio_id.uuid());
        let found = session(ctx)?.load(key).await?;
        found.map(Portfolio).ok_or_else(|| not_found("the portfolio"))
    }

    /// The stage it is in, or was in when it ended.
    async fn stage(&self, ctx: &Context<'_>) -> async_graphql::Result<Stage> {
        let run = stage_run(ctx, self.0.stage_run_id.uuid()).await?;
        let playbook = by_id(ctx, run.0.playbook_id).await?.playbook;
        Ok(Stage { playbook, number: self.0.stage })
    }

    /// The run of that stage.
    async fn stage_run(&self, ctx: &Context<'_>) -> async_graphql::Result<StageRun> {
        stage_run(ctx, self.0.stage_run_id.uuid()).await
    }

    /// Its stage runs.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn stage_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stage runs; all when not given.")] filter: Option<StageRunFilter>,
        #[graphql(desc = "In which order; by opening when not given.")] order_by: Option<StageRunOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<StageRunConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (stage_runs::Parent::Venture, self.0.id.uuid()), asked)
            .await
            .map(StageRunConnection)
    }

    /// Validations of its gates.
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
        Listed::under(ctx, (gate_runs::Parent::Venture, self.0.id.uuid()), asked).await.map(GateRunConnection)
    }

    /// All evidence of its stage runs, withdrawn pieces too.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which evidence; all when not given.")] filter: Option<EvidenceFilter>,
        #[graphql(desc = "In which order; by submission when not given.")] order_by: Option<EvidenceOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<EvidenceConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (evidence::Parent::Venture, self.0.id.uuid()), asked).await.map(EvidenceConnection)
    }

    /// Samples of its metrics.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn metric_samples(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which samples; all when not given.")] filter: Option<MetricSampleFilter>,
        #[graphql(desc = "In which order; by time when not given.")] order_by: Option<MetricSampleOrder>,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<MetricSampleConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (metric_samples::Parent::Venture, self.0.id.uuid()), asked)
            .await
            .map(MetricSampleConnection)
    }

    /// What has happened to it.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events; all when not given.")] filter: Option<VentureEventFilter>,
        #[graphql(desc = "In which order; as it happened when not given.")] order_by: Option<
            VentureEventOrder,
        >,
        #[graphql(desc = "So many from the start, 1 to 100; 20 when not given.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<VentureEventConnection> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Listed::under(ctx, (events::Parent::Venture, self.0.id.uuid()), asked)
            .await
            .map(VentureEventConnection)
    }
}
