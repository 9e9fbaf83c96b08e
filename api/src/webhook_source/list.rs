//! How webhook sources are listed.

use app::query::webhook_sources::{self, OrderBy, WebhookSources};
use async_graphql::{Enum, InputObject};

use super::{WebhookSource, WebhookSourceStatus};
use crate::list::{Filtering, Listing, TimeRange, period, set};

/// Conditions on webhook sources. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookSourceFilter {
    /// Statuses, at most 100.
    statuses: Option<Vec<WebhookSourceStatus>>,
    /// Created in this range.
    created_at: Option<TimeRange>,
}

impl Filtering for WebhookSourceFilter {
    type List = WebhookSources;

    fn checked(self) -> async_graphql::Result<webhook_sources::Filter> {
        Ok(webhook_sources::Filter {
            statuses: set("statuses", self.statuses, Into::into)?,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Field to sort webhook sources by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum WebhookSourceOrderField {
    /// Time of creation.
    CreatedAt,
    /// Name, byte by byte.
    Name,
}

impl Listing for WebhookSources {
    type Node = WebhookSource;
    type By = WebhookSourceFilter;
    type OrderField = WebhookSourceOrderField;

    const CONNECTION: &'static str = "WebhookSourceConnection";
    const EDGE: &'static str = "WebhookSourceEdge";
    const ORDER: &'static str = "WebhookSourceOrder";
}
