//! Ventures.

use std::sync::Arc;

use app::{
    Scope,
    query::{
        page::Page,
        ventures::{Filter, count},
    },
};
use async_graphql::{Context, Enum, ID, InputObject, Object, connection::PageInfo};
use chrono::{DateTime, Utc};
use domain::venture::{self, Status};

use super::{
    connection::page_info, event::VentureEvent, gate_run::stage_run, portfolio::Portfolio, portfolio::by_id,
    stage::Stage, stage_run::StageRun,
};
use crate::{
    error::{coded, not_found, problem},
    global_id::{Kind, encode},
    loader::{HistoryOf, PortfolioKey, RunsOfVenture},
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

/// Which ventures; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct VentureFilter {
    /// Of this portfolio.
    pub(crate) portfolio_id: Option<ID>,
    /// In one of these statuses.
    pub(crate) statuses: Option<Vec<VentureStatus>>,
    /// At one of these stages, by number.
    pub(crate) stages: Option<Vec<u32>>,
    /// Of this category, exactly as written.
    pub(crate) category: Option<String>,
}

/// What ventures are ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VentureOrderField {
    /// When they were created.
    CreatedAt,
    /// Their name, byte by byte.
    Name,
}

/// In which direction.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderDirection {
    /// Smallest or earliest first.
    Asc,
    /// Greatest or latest first.
    Desc,
}

/// In which order ventures are listed.
#[derive(InputObject)]
pub(crate) struct VentureOrder {
    /// What they are ordered by.
    pub(crate) field: VentureOrderField,
    /// In which direction.
    #[graphql(default_with = "OrderDirection::Asc")]
    pub(crate) direction: OrderDirection,
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
        let found = session(ctx)?.reader().load_one(key).await.map_err(|e| problem(&e))?;
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

    /// All its stage runs, oldest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn stage_runs(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<StageRun>> {
        let found = session(ctx)?.reader().load_one(RunsOfVenture(self.0.id.uuid())).await;
        Ok(found.map_err(|e| problem(&e))?.unwrap_or_default().iter().cloned().map(StageRun).collect())
    }

    /// Its history after a sequence number, oldest first.
    #[graphql(
        complexity = "super::connection::list_cost(__ctx, __variables_definition, __field, child_complexity)"
    )]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Events after this sequence number; 0 for all.", default = 0)] after: i64,
        #[graphql(desc = "At most so many, 1 to 100; 20 when not given.")] first: Option<i32>,
    ) -> async_graphql::Result<Vec<VentureEvent>> {
        let first = u32::try_from(first.unwrap_or(20)).unwrap_or(0);
        if !(1..=100).contains(&first) {
            return Err(coded("first is 1 to 100", "INVALID_INPUT"));
        }
        let key = HistoryOf { venture: self.0.id.uuid(), after, first };
        let rows = session(ctx)?.reader().load_one(key).await.map_err(|e| problem(&e))?;
        Ok(rows.unwrap_or_default().iter().cloned().map(VentureEvent).collect())
    }
}

/// A page of ventures.
pub(crate) struct VentureConnection {
    pub(crate) page: Page<Arc<venture::Venture>>,
    pub(crate) scope: Scope,
    pub(crate) filter: Filter,
}

/// A venture in a page.
pub(crate) struct VentureEdge(String, Arc<venture::Venture>);

/// A page of ventures.
#[Object]
impl VentureConnection {
    /// The ventures with their cursors.
    async fn edges(&self) -> Vec<VentureEdge> {
        self.page.rows.iter().map(|(cursor, venture)| VentureEdge(cursor.clone(), venture.clone())).collect()
    }

    /// The ventures.
    async fn nodes(&self) -> Vec<Venture> {
        self.page.rows.iter().map(|(_, venture)| Venture(venture.clone())).collect()
    }

    /// Where the page lies.
    async fn page_info(&self) -> PageInfo {
        page_info(&self.page)
    }

    /// How many there are in all pages; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        let total = count(session(ctx)?.app(), &self.scope, &self.filter).await.map_err(|e| problem(&e))?;
        Ok(i64::try_from(total).unwrap_or(i64::MAX))
    }
}

/// A venture in a page.
#[Object]
impl VentureEdge {
    /// Where the venture stands in the list.
    async fn cursor(&self) -> &str {
        &self.0
    }

    /// The venture.
    async fn node(&self) -> Venture {
        Venture(self.1.clone())
    }
}
