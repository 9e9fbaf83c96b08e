//! Ventures.

mod list;
mod mutation;
mod query;

use std::{collections::HashMap, sync::Arc};

use app::query::{
    batch,
    events::{self, Events},
    evidence::{self, Pieces},
    gate_runs::{self, GateRuns},
    metric_samples::{self, MetricSamples},
    stage_runs::{self, StageRuns},
};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use domain::venture::{self, Status, StatusKind};
use uuid::Uuid;

pub(crate) use list::VentureFilter;
pub(crate) use mutation::VentureMutation;
pub(crate) use query::VentureQuery;

use crate::{
    action::Action,
    cost::list_size,
    event::EventFilter,
    evidence::EvidenceFilter,
    gate_run::GateRunFilter,
    global_id::{Kind, encode},
    list::{Connection, Order, asked, request},
    loader::Reader,
    metric_sample::MetricSampleFilter,
    playbook::{Playbook, Stage},
    portfolio::Portfolio,
    record::{FromRow, Record},
    session::session,
    stage_run::{StageRun, StageRunFilter},
};

/// A venture.
#[derive(Clone)]
pub(crate) struct Venture(pub(crate) Arc<venture::Venture>);

impl FromRow for Venture {
    type Row = venture::Venture;

    fn of(row: Arc<venture::Venture>) -> Self {
        Self(row)
    }
}

impl Record for Venture {
    const KIND: Kind = Kind::Venture;

    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, venture::Venture>, app::Error> {
        batch::ventures(reader.app(), reader.scope(), ids).await
    }
}

/// Status of a venture.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StatusKind")]
pub(crate) enum VentureStatus {
    /// The venture runs.
    Active,
    /// The venture is paused until a person resumes it.
    Paused,
    /// The venture was given up for good.
    Killed,
    /// The venture passed its last stage.
    Completed,
}

/// A venture: one undertaking on its way through the stages of its portfolio's playbook.
#[Object]
impl Venture {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Venture, self.0.id.uuid())
    }

    /// Name, 3 to 120 characters.
    async fn name(&self) -> &str {
        &self.0.profile.name
    }

    /// Description, 20 to 2,000 characters.
    async fn description(&self) -> &str {
        &self.0.profile.description
    }

    /// Category, 2 to 60 characters. Null when the venture has none.
    async fn category(&self) -> Option<&str> {
        self.0.profile.category.as_deref()
    }

    /// IANA time zone in which the venture's days and weeks begin, such as `Europe/Vienna`.
    async fn time_zone(&self) -> &str {
        self.0.profile.zone.name()
    }

    /// ISO 4217 code of the currency of the venture's money, such as `EUR`.
    async fn currency(&self) -> &str {
        self.0.profile.currency.code()
    }

    /// Status.
    async fn status(&self) -> VentureStatus {
        self.0.status.kind().into()
    }

    /// Reason that a person gave for the status. Null unless the status is PAUSED or KILLED.
    async fn status_reason(&self) -> Option<&str> {
        match &self.0.status {
            Status::Paused { reason, .. } | Status::Killed { reason, .. } => Some(reason),
            Status::Active | Status::Completed { .. } => None,
        }
    }

    /// Time at which the venture was paused, killed or completed. Null while the status is ACTIVE.
    async fn status_since(&self) -> Option<DateTime<Utc>> {
        match &self.0.status {
            Status::Active => None,
            Status::Paused { since, .. } | Status::Killed { since, .. } | Status::Completed { since } => {
                Some(*since)
            }
        }
    }

    /// Number of the venture's last change, from 1. Mutations take it as `expectedVersion`.
    pub(crate) async fn version(&self) -> i64 {
        self.0.version
    }

    /// Sequence number of the last event in the venture's history. `ventureEvents` takes it as `after`.
    pub(crate) async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    /// What the viewer can do with the venture.
    #[graphql(directive = list_size::apply(6))]
    async fn actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Action>> {
        Action::of_venture(ctx, &self.0).await
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Time of the last change.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Portfolio that the venture belongs to.
    async fn portfolio(&self, ctx: &Context<'_>) -> async_graphql::Result<Portfolio> {
        session(ctx)?.get(self.0.portfolio_id.uuid()).await
    }

    /// Stage that the venture is in. For a venture that has ended: its last stage.
    async fn stage(&self, ctx: &Context<'_>) -> async_graphql::Result<Stage> {
        let run: StageRun = session(ctx)?.get(self.0.stage_run_id.uuid()).await?;
        Ok(Playbook::by_id(ctx, run.0.playbook_id).await?.stage_numbered(self.0.stage))
    }

    /// Run of that stage.
    async fn stage_run(&self, ctx: &Context<'_>) -> async_graphql::Result<StageRun> {
        session(ctx)?.get(self.0.stage_run_id.uuid()).await
    }

    /// Stage runs of the venture.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn stage_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all stage runs.")] filter: Option<
            StageRunFilter,
        >,
        #[graphql(desc = "Sort order. Default: STARTED_AT, ASC.")] order_by: Option<Order<StageRuns>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<StageRuns>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (stage_runs::Parent::Venture, self.0.id.uuid()), asked).await
    }

    /// Gate runs of the venture.
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
        Connection::under(ctx, (gate_runs::Parent::Venture, self.0.id.uuid()), asked).await
    }

    /// Evidence of all stage runs of the venture, withdrawn evidence included.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all evidence.")] filter: Option<
            EvidenceFilter,
        >,
        #[graphql(desc = "Sort order. Default: SUBMITTED_AT, ASC.")] order_by: Option<Order<Pieces>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Pieces>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (evidence::Parent::Venture, self.0.id.uuid()), asked).await
    }

    /// Samples of the venture's metrics.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn metric_samples(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all samples.")] filter: Option<
            MetricSampleFilter,
        >,
        #[graphql(desc = "Sort order. Default: TIME, ASC.")] order_by: Option<Order<MetricSamples>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<MetricSamples>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (metric_samples::Parent::Venture, self.0.id.uuid()), asked).await
    }

    /// Events of the venture's history.
    #[expect(clippy::too_many_arguments, reason = "Relay's four, beside filter and order")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions that all must hold. Default: all events.")] filter: Option<EventFilter>,
        #[graphql(desc = "Sort order. Default: SEQUENCE, ASC.")] order_by: Option<Order<Events>>,
        #[graphql(desc = "Number of items from the start, 1 to 100. Default: 20.")] first: Option<i32>,
        #[graphql(desc = "Return only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return only items before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Events>> {
        let asked = asked(filter, order_by, request(first, after, last, before))?;
        Connection::under(ctx, (events::Parent::Root, self.0.id.uuid()), asked).await
    }
}
