//! Parts of filters: limits, ids and periods are checked here, before anything is read.

use std::collections::BTreeSet;

use app::query::{
    list::{List, Period},
    page::is_storable,
};
use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use domain::{Refusal, named::Named};
use uuid::Uuid;

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

    /// The filter of the application. Refuses too many values and impossible times; ids of another kind are
    /// not found.
    fn checked(self) -> async_graphql::Result<<Self::List as List>::Filter>;
}

/// Half-open range of time: `from` is in it, `before` is not. A bound that is not given does not limit.
#[derive(InputObject)]
pub(crate) struct TimeRange {
    /// Start of the range, inclusive. Years have four digits.
    from: Option<DateTime<Utc>>,
    /// End of the range, exclusive. Years have four digits.
    before: Option<DateTime<Utc>>,
}

/// A refusal of a part of a filter.
pub(crate) fn refused(refusal: Refusal) -> async_graphql::Error {
    problem(&refusal.under("filter").into())
}

/// The period of a range; no limits when there is no range.
pub(crate) fn period(field: &str, range: Option<TimeRange>) -> async_graphql::Result<Period> {
    let Some(TimeRange { from, before }) = range else { return Ok(Period::default()) };
    if [from, before].into_iter().flatten().all(is_storable) {
        return Ok(Period { from, before });
    }
    Err(refused(Refusal::invalid(field, format!("{field} has a year of other than four digits"))))
}

/// Values as a set, at most [`MAX_VALUES`].
pub(crate) fn set<T, V: Ord>(
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

/// Values of a closed set by the names that columns hold.
pub(crate) fn names<T, N: Named + From<T>>(
    field: &str,
    values: Option<Vec<T>>,
) -> async_graphql::Result<Option<BTreeSet<String>>> {
    set(field, values, |value| N::from(value).as_str().to_owned())
}

/// Keys of global ids of one kind.
pub(crate) fn ids(kind: Kind, given: Option<Vec<ID>>) -> async_graphql::Result<Option<BTreeSet<Uuid>>> {
    let read = set("ids", given, |id| id.0)?;
    read.map(|ids| ids.into_iter().map(|id| global_id::expect(kind, &ID(id))).collect()).transpose()
}

/// The key of a global id that may be left out.
pub(crate) fn optional_id(kind: Kind, given: Option<ID>) -> async_graphql::Result<Option<Uuid>> {
    given.map(|id| global_id::expect(kind, &id)).transpose()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Debug};

    use async_graphql::resolver_utils::EnumType;

    use super::*;
    use crate::{
        evidence::EvidenceKind,
        gate_run::Verdict,
        job::JobStatus,
        person::PersonKind,
        playbook::GateKind,
        stage_run::StageRunStatus,
        venture::VentureStatus,
        webhook_endpoint::{WebhookEndpointDisabledReason, delivery::WebhookDeliveryStatus},
        webhook_source::event::WebhookEventStatus,
    };

    fn check<T: EnumType, N: Named + From<T> + Debug>() {
        let shown: BTreeSet<_> =
            T::items().iter().map(|item| (item.name, N::from(item.value).as_str())).collect();
        let kept: BTreeSet<_> = N::ALL.iter().map(|value| (value.as_str(), value.as_str())).collect();
        assert_eq!(shown, kept);
    }

    #[test]
    fn the_schema_spells_closed_sets_as_columns_do() {
        check::<EvidenceKind, domain::evidence::ContentKind>();
        check::<GateKind, domain::playbook::GateKind>();
        check::<JobStatus, domain::job::Status>();
        check::<PersonKind, domain::member::PersonKind>();
        check::<StageRunStatus, domain::stage_run::StatusKind>();
        check::<VentureStatus, domain::venture::StatusKind>();
        check::<Verdict, domain::gate::Verdict>();
        check::<WebhookDeliveryStatus, domain::webhook::DeliveryStatusKind>();
        check::<WebhookEndpointDisabledReason, domain::webhook::DisabledReason>();
        check::<WebhookEventStatus, domain::webhook_source::EventStatus>();
    }

    #[test]
    fn a_filter_takes_a_hundred_values_of_one_part() {
        let many = |count: usize| {
            names::<_, domain::venture::StatusKind>("statuses", Some(vec![VentureStatus::Active; count]))
        };
        assert_eq!(many(100).unwrap().unwrap(), BTreeSet::from(["ACTIVE".to_owned()]));
        assert!(many(101).is_err());
    }
}
