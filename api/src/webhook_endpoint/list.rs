//! How webhook endpoints are listed.

use app::query::webhook_endpoints::{self, OrderBy, WebhookEndpoints};
use async_graphql::{Enum, InputObject};

use super::WebhookEndpoint;
use crate::list::{Filtering, Listing, TimeRange, period};

/// Conditions on webhook endpoints. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WebhookEndpointFilter {
    /// True: only enabled endpoints. False: only disabled endpoints. Default: both.
    enabled: Option<bool>,
    /// True: only endpoints whose last attempt failed. False: only the others. Default: both.
    failing: Option<bool>,
    /// Created in this range.
    created_at: Option<TimeRange>,
}

impl Filtering for WebhookEndpointFilter {
    type List = WebhookEndpoints;

    fn checked(self) -> async_graphql::Result<webhook_endpoints::Filter> {
        Ok(webhook_endpoints::Filter {
            enabled: self.enabled,
            failing: self.failing,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Field to sort webhook endpoints by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum WebhookEndpointOrderField {
    /// Time of creation.
    CreatedAt,
    /// Time of the last change. An endpoint that changes while a client reads page after page moves in the list.
    UpdatedAt,
}

impl Listing for WebhookEndpoints {
    type Node = WebhookEndpoint;
    type By = WebhookEndpointFilter;
    type OrderField = WebhookEndpointOrderField;

    const CONNECTION: &'static str = "WebhookEndpointConnection";
    const EDGE: &'static str = "WebhookEndpointEdge";
    const ORDER: &'static str = "WebhookEndpointOrder";
}
