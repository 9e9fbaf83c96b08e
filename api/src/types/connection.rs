//! Relay's connections: a list's arguments, its page and its count, the same for every list.

use std::sync::Arc;

use app::{
    Scope,
    query::{
        dead_letters::DeadLetters,
        events::Events,
        evidence::Pieces,
        gate_runs::GateRuns,
        jobs::Jobs,
        list::{self, Asked, List},
        members::Members,
        metric_samples::MetricSamples,
        page::{Page, PageRequest},
        portfolios::Portfolios,
        stage_runs::StageRuns,
        tokens::Tokens,
        ventures::Ventures,
        webhook_deliveries::WebhookDeliveries,
        webhook_endpoints::WebhookEndpoints,
        webhook_events::WebhookEvents,
        webhook_sources::WebhookSources,
    },
};
use async_graphql::{Context, Object, connection::PageInfo};
use futures_util::FutureExt;
use uuid::Uuid;

use super::{
    event::VentureEvent,
    evidence::Evidence,
    filter::Filtering,
    gate_run::GateRun,
    job::Job,
    member::Member,
    metric_sample::MetricSample,
    operations::DeadLetter,
    order::Ordering,
    portfolio::Portfolio,
    stage_run::StageRun,
    token::ApiToken,
    venture::Venture,
    webhook::{WebhookDelivery, WebhookEndpoint},
    webhook_source::{WebhookEvent, WebhookSource},
};
use crate::{
    error::{not_found, problem},
    loader::{CountOf, PageOf},
    session::session,
};

/// The page asked for; numbers below one are refused with the same words as those above a hundred.
pub(crate) fn request(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageRequest {
    let size = |n: i32| u32::try_from(n).unwrap_or(0);
    PageRequest { first: first.map(size), after, last: last.map(size), before }
}

/// Which rows of a list are asked for, with what is usual where nothing is said.
pub(crate) fn asked<F, O>(
    filter: Option<F>,
    order: Option<O>,
    page: PageRequest,
) -> async_graphql::Result<Asked<F::List>>
where
    F: Filtering,
    O: Ordering<List = F::List>,
{
    let filter = filter.unwrap_or_default().checked()?;
    let (order, descending) = match order.map(Ordering::split) {
        Some((order, descending)) => (order, descending),
        None => (F::List::usual(&filter), None),
    };
    let descending = descending.unwrap_or_else(|| F::List::descends(order));
    Ok(Asked { filter, order, descending, page })
}

/// A page of a list.
pub(crate) struct Listed<L: List> {
    page: Arc<Page<Arc<L::Row>>>,
    of: Of<L>,
    filter: L::Filter,
}

/// Whose list it is.
enum Of<L: List> {
    /// All that is in scope.
    Scope(Scope),
    /// What belongs to a record.
    Parent(L::Parent, Uuid),
}

impl<L: List> Listed<L> {
    /// A page of all that is in scope.
    pub(crate) async fn within(
        ctx: &Context<'_>,
        scope: Scope,
        asked: Asked<L>,
    ) -> async_graphql::Result<Self> {
        // Boxed, as is what is counted, for the reason given at `Session::load`.
        let page = list::page(session(ctx)?.app(), &scope, &asked).boxed().await.map_err(|e| problem(&e))?;
        Ok(Self { page: Arc::new(page.map(Arc::new)), of: Of::Scope(scope), filter: asked.filter })
    }

    /// A page of what belongs to a record.
    pub(crate) async fn under(
        ctx: &Context<'_>,
        parent: (L::Parent, Uuid),
        asked: Asked<L>,
    ) -> async_graphql::Result<Self> {
        let filter = asked.filter.clone();
        let found = session(ctx)?.load(PageOf { parent, asked }).await?;
        let page = found.ok_or_else(|| not_found("the list"))?;
        Ok(Self { page, of: Of::Parent(parent.0, parent.1), filter })
    }

    async fn total(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        let session = session(ctx)?;
        let total = match &self.of {
            Of::Scope(scope) => {
                let counted = list::count::<L>(session.app(), scope, &self.filter).boxed().await;
                counted.map_err(|e| problem(&e))?
            }
            Of::Parent(kind, id) => {
                let key = CountOf::<L> { parent: (*kind, *id), filter: self.filter.clone() };
                session.load(key).await?.unwrap_or_default()
            }
        };
        Ok(i64::try_from(total).unwrap_or(i64::MAX))
    }

    fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.page.has_previous,
            has_next_page: self.page.has_next,
            start_cursor: self.page.rows.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: self.page.rows.last().map(|(cursor, _)| cursor.clone()),
        }
    }
}

macro_rules! connections {
    ($($(#[$doc:meta])* $connection:ident of $list:ident, $(#[$edge_doc:meta])* $edge:ident to $node:ident = $make:expr;)*) => { $(
        $(#[$doc])*
        pub(crate) struct $connection(pub(crate) Listed<$list>);

        $(#[$edge_doc])*
        pub(crate) struct $edge(String, Arc<<$list as List>::Row>);

        $(#[$doc])*
        #[Object]
        impl $connection {
            /// The records with their cursors.
            async fn edges(&self) -> Vec<$edge> {
                self.0.page.rows.iter().map(|(cursor, row)| $edge(cursor.clone(), Arc::clone(row))).collect()
            }

            /// The records.
            async fn nodes(&self) -> Vec<$node> {
                self.0.page.rows.iter().map(|(_, row)| $make(Arc::clone(row))).collect()
            }

            /// Where the page lies in the list.
            async fn page_info(&self) -> PageInfo {
                self.0.page_info()
            }

            /// How many records there are in all pages; counted only when asked for.
            async fn total_count(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
                self.0.total(ctx).await
            }
        }

        $(#[$edge_doc])*
        #[Object]
        impl $edge {
            /// Where the record stands in the list: for `after` and `before`, with the same filter and order.
            async fn cursor(&self) -> &str {
                &self.0
            }

            /// The record.
            async fn node(&self) -> $node {
                $make(Arc::clone(&self.1))
            }
        }
    )* };
}

connections! {
    /// A page of ventures.
    VentureConnection of Ventures,
    /// A venture in a page.
    VentureEdge to Venture = Venture;
    /// A page of portfolios.
    PortfolioConnection of Portfolios,
    /// A portfolio in a page.
    PortfolioEdge to Portfolio = Portfolio;
    /// A page of stage runs.
    StageRunConnection of StageRuns,
    /// A stage run in a page.
    StageRunEdge to StageRun = StageRun;
    /// A page of gate runs.
    GateRunConnection of GateRuns,
    /// A gate run in a page.
    GateRunEdge to GateRun = GateRun;
    /// A page of jobs.
    JobConnection of Jobs,
    /// A job in a page.
    JobEdge to Job = Job::of;
    /// A page of evidence.
    EvidenceConnection of Pieces,
    /// A piece of evidence in a page.
    EvidenceEdge to Evidence = Evidence;
    /// A page of events.
    VentureEventConnection of Events,
    /// An event in a page.
    VentureEventEdge to VentureEvent = VentureEvent;
    /// A page of members.
    MemberConnection of Members,
    /// A member in a page.
    MemberEdge to Member = Member;
    /// A page of API tokens.
    ApiTokenConnection of Tokens,
    /// An API token in a page.
    ApiTokenEdge to ApiToken = ApiToken;
    /// A page of webhook endpoints.
    WebhookEndpointConnection of WebhookEndpoints,
    /// A webhook endpoint in a page.
    WebhookEndpointEdge to WebhookEndpoint = WebhookEndpoint;
    /// A page of webhook deliveries.
    WebhookDeliveryConnection of WebhookDeliveries,
    /// A webhook delivery in a page.
    WebhookDeliveryEdge to WebhookDelivery = WebhookDelivery;
    /// A page of samples.
    MetricSampleConnection of MetricSamples,
    /// A sample in a page.
    MetricSampleEdge to MetricSample = MetricSample;
    /// A page of webhook sources.
    WebhookSourceConnection of WebhookSources,
    /// A webhook source in a page.
    WebhookSourceEdge to WebhookSource = WebhookSource;
    /// A page of webhook events.
    WebhookEventConnection of WebhookEvents,
    /// A webhook event in a page.
    WebhookEventEdge to WebhookEvent = WebhookEvent;
    /// A page of dead letters.
    DeadLetterConnection of DeadLetters,
    /// A dead letter in a page.
    DeadLetterEdge to DeadLetter = DeadLetter;
}
