//! What lists are filtered by: inputs here, conditions in `app`.

use std::collections::BTreeSet;

use app::query::{
    dead_letters, events, evidence, gate_runs, jobs,
    list::{List, Period},
    members, metric_samples,
    page::is_storable,
    portfolios, stage_runs, tokens, ventures, webhook_deliveries, webhook_endpoints, webhook_events,
    webhook_sources,
};
use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use domain::Refusal;

use super::{
    evidence::EvidenceKind,
    gate::GateKind,
    gate_run::Verdict,
    job::{JobKind, JobStatus},
    person::PersonKind,
    stage_run::StageRunStatus,
    token::ApiTokenStatus,
    venture::VentureStatus,
    webhook::WebhookDeliveryStatus,
    webhook_source::{WebhookEventStatus, WebhookSourceStatus},
};
use crate::{
    error::problem,
    global_id::{self, Kind},
};

/// The most values of one part of a filter.
const MAX_VALUES: usize = 100;

/// An input that filters a list.
pub(crate) trait Filtering: Default {
    /// The list.
    type List: List;

    /// The filter, its ids read and its limits kept.
    fn checked(self) -> async_graphql::Result<<Self::List as List>::Filter>;
}

/// A period, half-open; a bound that is not given is none.
#[derive(InputObject)]
pub(crate) struct TimeRange {
    /// Not earlier than this.
    from: Option<DateTime<Utc>>,
    /// Earlier than this.
    before: Option<DateTime<Utc>>,
}

fn refused(refusal: Refusal) -> async_graphql::Error {
    problem(&refusal.under("filter").into())
}

fn period(field: &str, range: Option<TimeRange>) -> async_graphql::Result<Period> {
    let Some(TimeRange { from, before }) = range else { return Ok(Period::default()) };
    if [from, before].into_iter().flatten().all(is_storable) {
        return Ok(Period { from, before });
    }
    Err(refused(Refusal::invalid(field, format!("{field} has a year of other than four digits"))))
}

fn set<T, V: Ord>(
    field: &str,
    values: Option<Vec<T>>,
    value: impl Fn(T) -> V,
) -> async_graphql::Result<Option<BTreeSet<V>>> {
    match values {
        Some(values) if values.len() > MAX_VALUES => {
            Err(refused(Refusal::invalid(field, format!("{field} takes at most {MAX_VALUES} values"))))
        }
        values => Ok(values.map(|values| values.into_iter().map(value).collect())),
    }
}

fn ids(kind: Kind, given: Option<Vec<ID>>) -> async_graphql::Result<Option<BTreeSet<uuid::Uuid>>> {
    let read = set("ids", given, |id| id.0)?;
    read.map(|ids| ids.into_iter().map(|id| global_id::expect(kind, &ID(id))).collect()).transpose()
}

/// Which ventures; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct VentureFilter {
    /// One of these, at most 100.
    ids: Option<Vec<ID>>,
    /// Of this portfolio.
    portfolio_id: Option<ID>,
    /// In one of these statuses.
    statuses: Option<Vec<VentureStatus>>,
    /// At one of these stages, by number.
    stages: Option<Vec<u32>>,
    /// Of this category, exactly as written.
    category: Option<String>,
    /// In one of these IANA time zones.
    zones: Option<Vec<String>>,
    /// Created then.
    created_at: Option<TimeRange>,
    /// Last changed then.
    updated_at: Option<TimeRange>,
    /// Whose name, description or category have all these words, the last of them perhaps only begun: at
    /// most 200 characters and 16 words, no matter the case. Punctuation parts words and means nothing else.
    search: Option<String>,
}

impl Filtering for VentureFilter {
    type List = ventures::Ventures;

    fn checked(self) -> async_graphql::Result<ventures::Filter> {
        let portfolio = self.portfolio_id.map(|id| global_id::expect(Kind::Portfolio, &id));
        Ok(ventures::Filter {
            ids: ids(Kind::Venture, self.ids)?,
            portfolio: portfolio.transpose()?,
            statuses: set("statuses", self.statuses, |status| status.name().to_owned())?,
            stages: set("stages", self.stages, |stage| stage)?,
            category: self.category,
            zones: set("zones", self.zones, |zone| zone)?,
            created: period("createdAt", self.created_at)?,
            updated: period("updatedAt", self.updated_at)?,
            search: self.search.as_deref().map(ventures::Search::new).transpose().map_err(refused)?,
        })
    }
}

/// Which portfolios; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct PortfolioFilter {
    /// One of these, at most 100.
    ids: Option<Vec<ID>>,
    /// With one of these slugs.
    slugs: Option<Vec<String>>,
    /// Created then.
    created_at: Option<TimeRange>,
}

impl Filtering for PortfolioFilter {
    type List = portfolios::Portfolios;

    fn checked(self) -> async_graphql::Result<portfolios::Filter> {
        Ok(portfolios::Filter {
            ids: ids(Kind::Portfolio, self.ids)?,
            slugs: set("slugs", self.slugs, |slug| slug)?,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Which stage runs; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct StageRunFilter {
    /// Of one of these stages, by number.
    stages: Option<Vec<u32>>,
    /// In one of these statuses.
    statuses: Option<Vec<StageRunStatus>>,
    /// Whether they were found late.
    late: Option<bool>,
    /// Opened then.
    started_at: Option<TimeRange>,
}

impl Filtering for StageRunFilter {
    type List = stage_runs::StageRuns;

    fn checked(self) -> async_graphql::Result<stage_runs::Filter> {
        Ok(stage_runs::Filter {
            stages: set("stages", self.stages, |stage| stage)?,
            statuses: set("statuses", self.statuses, |status| status.name().to_owned())?,
            late: self.late,
            started: period("startedAt", self.started_at)?,
        })
    }
}

/// Which gate runs; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct GateRunFilter {
    /// Of gates with one of these keys.
    gates: Option<Vec<String>>,
    /// Of entry or of exit gates.
    kinds: Option<Vec<GateKind>>,
    /// In one of these statuses.
    statuses: Option<Vec<JobStatus>>,
    /// With one of these verdicts.
    verdicts: Option<Vec<Verdict>>,
    /// Of one of these stages, by number.
    stages: Option<Vec<u32>>,
    /// Asked for then.
    requested_at: Option<TimeRange>,
}

impl Filtering for GateRunFilter {
    type List = gate_runs::GateRuns;

    fn checked(self) -> async_graphql::Result<gate_runs::Filter> {
        Ok(gate_runs::Filter {
            gates: set("gates", self.gates, |gate| gate)?,
            kinds: set("kinds", self.kinds, |kind| kind.name().to_owned())?,
            statuses: set("statuses", self.statuses, status_name)?,
            verdicts: set("verdicts", self.verdicts, |verdict| verdict.name().to_owned())?,
            stages: set("stages", self.stages, |stage| stage)?,
            requested: period("requestedAt", self.requested_at)?,
        })
    }
}

/// Which jobs; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct JobFilter {
    /// In one of these statuses.
    statuses: Option<Vec<JobStatus>>,
    /// Of one of these kinds.
    kinds: Option<Vec<JobKind>>,
    /// For this venture.
    venture_id: Option<ID>,
    /// Asked for by the caller; by anybody when false or not given.
    pub(crate) mine: Option<bool>,
    /// Asked for then.
    queued_at: Option<TimeRange>,
}

impl Filtering for JobFilter {
    type List = jobs::Jobs;

    /// Whose are the caller's is not known here: `asked_by` is left to the resolver.
    fn checked(self) -> async_graphql::Result<jobs::Filter> {
        Ok(jobs::Filter {
            statuses: set("statuses", self.statuses, status_name)?,
            kinds: set("kinds", self.kinds, jobs::Kind::from)?,
            venture: self.venture_id.map(|id| global_id::expect(Kind::Venture, &id)).transpose()?,
            asked_by: None,
            queued: period("queuedAt", self.queued_at)?,
        })
    }
}

fn status_name(status: JobStatus) -> String {
    domain::job::Status::from(status).as_str().to_owned()
}

/// Which evidence; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct EvidenceFilter {
    /// Of one of these kinds.
    kinds: Option<Vec<EvidenceKind>>,
    /// Of one of these stages, by number.
    stages: Option<Vec<u32>>,
    /// Whether it was withdrawn; either when not given.
    withdrawn: Option<bool>,
    /// Submitted then.
    submitted_at: Option<TimeRange>,
}

impl Filtering for EvidenceFilter {
    type List = evidence::Pieces;

    fn checked(self) -> async_graphql::Result<evidence::Filter> {
        Ok(evidence::Filter {
            kinds: set("kinds", self.kinds, |kind| kind.name().to_owned())?,
            stages: set("stages", self.stages, |stage| stage)?,
            withdrawn: self.withdrawn,
            submitted: period("submittedAt", self.submitted_at)?,
        })
    }
}

/// Which events; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct VentureEventFilter {
    /// Of one of these types, such as `venture.created.v1`.
    types: Option<Vec<String>>,
    /// With a greater sequence number: what has happened since that event.
    after_sequence: Option<i64>,
    /// That happened then.
    at: Option<TimeRange>,
}

impl Filtering for VentureEventFilter {
    type List = events::Events;

    fn checked(self) -> async_graphql::Result<events::Filter> {
        Ok(events::Filter {
            kinds: set("types", self.types, |kind| kind)?,
            after_sequence: self.after_sequence,
            at: period("at", self.at)?,
        })
    }
}

/// Which dead letters; every part that is given must hold.
#[derive(InputObject)]
pub(crate) struct DeadLetterFilter {
    /// From one of these queues.
    queues: Option<Vec<String>>,
    /// Of one of these kinds, such as `decide_gate.v1`.
    kinds: Option<Vec<String>>,
    /// Whether they were sent again; null for either.
    #[graphql(default_with = "Some(false)")]
    replayed: Option<bool>,
    /// Parked then.
    parked_at: Option<TimeRange>,
}

impl Default for DeadLetterFilter {
    fn default() -> Self {
        Self { queues: None, kinds: None, replayed: Some(false), parked_at: None }
    }
}

impl Filtering for DeadLetterFilter {
    type List = dead_letters::DeadLetters;

    fn checked(self) -> async_graphql::Result<dead_letters::Filter> {
        Ok(dead_letters::Filter {
            queues: set("queues", self.queues, |queue| queue)?,
            kinds: set("kinds", self.kinds, |kind| kind)?,
            replayed: self.replayed,
            parked: period("parkedAt", self.parked_at)?,
        })
    }
}

/// Which members; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct MemberFilter {
    /// Holding one of these roles, at most 100.
    roles: Option<Vec<String>>,
    /// Of this kind.
    kind: Option<PersonKind>,
    /// Who joined then.
    joined_at: Option<TimeRange>,
}

impl Filtering for MemberFilter {
    type List = members::Members;

    fn checked(self) -> async_graphql::Result<members::Filter> {
        Ok(members::Filter {
            roles: set("roles", self.roles, |role| role)?,
            kind: self.kind.map(Into::into),
            joined: period("joinedAt", self.joined_at)?,
        })
    }
}

/// Which API tokens; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct ApiTokenFilter {
    /// In one of these statuses.
    statuses: Option<Vec<ApiTokenStatus>>,
    /// Made then.
    created_at: Option<TimeRange>,
}

impl Filtering for ApiTokenFilter {
    type List = tokens::Tokens;

    fn checked(self) -> async_graphql::Result<tokens::Filter> {
        Ok(tokens::Filter {
            statuses: set("statuses", self.statuses, Into::into)?,
            created: period("createdAt", self.created_at)?,
            ..tokens::Filter::default()
        })
    }
}

/// Which samples; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct MetricSampleFilter {
    /// Of one of these metrics, by name, at most 100.
    metrics: Option<Vec<String>>,
    /// Measured then.
    time: Option<TimeRange>,
}

impl Filtering for MetricSampleFilter {
    type List = metric_samples::MetricSamples;

    fn checked(self) -> async_graphql::Result<metric_samples::Filter> {
        Ok(metric_samples::Filter {
            metrics: set("metrics", self.metrics, |metric| metric)?,
            at: period("time", self.time)?,
        })
    }
}

/// Which webhook sources; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookSourceFilter {
    /// In one of these statuses.
    statuses: Option<Vec<WebhookSourceStatus>>,
    /// Made then.
    created_at: Option<TimeRange>,
}

impl Filtering for WebhookSourceFilter {
    type List = webhook_sources::WebhookSources;

    fn checked(self) -> async_graphql::Result<webhook_sources::Filter> {
        Ok(webhook_sources::Filter {
            statuses: set("statuses", self.statuses, Into::into)?,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Which webhook events; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookEventFilter {
    /// In one of these statuses.
    statuses: Option<Vec<WebhookEventStatus>>,
    /// Of one of these types, at most 100.
    types: Option<Vec<String>>,
    /// Sent under one of these ids of the source's, at most 100.
    webhook_ids: Option<Vec<String>>,
    /// That came then.
    received_at: Option<TimeRange>,
}

impl Filtering for WebhookEventFilter {
    type List = webhook_events::WebhookEvents;

    fn checked(self) -> async_graphql::Result<webhook_events::Filter> {
        Ok(webhook_events::Filter {
            statuses: set("statuses", self.statuses, Into::into)?,
            types: set("types", self.types, |kind| kind)?,
            webhook_ids: set("webhookIds", self.webhook_ids, |id| id)?,
            received: period("receivedAt", self.received_at)?,
        })
    }
}

/// Which webhook endpoints; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookEndpointFilter {
    /// Whether they are told of events.
    enabled: Option<bool>,
    /// Whether every attempt has failed of late.
    failing: Option<bool>,
    /// Made then.
    created_at: Option<TimeRange>,
}

impl Filtering for WebhookEndpointFilter {
    type List = webhook_endpoints::WebhookEndpoints;

    fn checked(self) -> async_graphql::Result<webhook_endpoints::Filter> {
        Ok(webhook_endpoints::Filter {
            enabled: self.enabled,
            failing: self.failing,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Which webhook deliveries; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookDeliveryFilter {
    /// In one of these statuses.
    statuses: Option<Vec<WebhookDeliveryStatus>>,
    /// Of a message of one of these types, at most 100.
    event_types: Option<Vec<String>>,
    /// Made then.
    created_at: Option<TimeRange>,
}

impl Filtering for WebhookDeliveryFilter {
    type List = webhook_deliveries::WebhookDeliveries;

    fn checked(self) -> async_graphql::Result<webhook_deliveries::Filter> {
        Ok(webhook_deliveries::Filter {
            statuses: set("statuses", self.statuses, |status| status.name().to_owned())?,
            event_types: set("eventTypes", self.event_types, |name| name)?,
            created: period("createdAt", self.created_at)?,
        })
    }
}
