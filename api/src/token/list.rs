//! How API tokens are listed.

use app::query::tokens::{self, OrderBy, Tokens};
use async_graphql::{Enum, InputObject};

use super::{ApiToken, ApiTokenStatus};
use crate::list::{Filtering, Listing, TimeRange, period, set};

/// Conditions on API tokens. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct ApiTokenFilter {
    /// Statuses, at most 100.
    statuses: Option<Vec<ApiTokenStatus>>,
    /// Created in this range.
    created_at: Option<TimeRange>,
}

impl Filtering for ApiTokenFilter {
    type List = Tokens;

    /// Resolvers add whose tokens are listed, and the time at which the statuses hold.
    fn checked(self) -> async_graphql::Result<tokens::Filter> {
        Ok(tokens::Filter {
            statuses: set("statuses", self.statuses, Into::into)?,
            created: period("createdAt", self.created_at)?,
            ..tokens::Filter::default()
        })
    }
}

/// Field to sort API tokens by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum ApiTokenOrderField {
    /// Time of creation.
    CreatedAt,
}

impl Listing for Tokens {
    type Node = ApiToken;
    type By = ApiTokenFilter;
    type OrderField = ApiTokenOrderField;

    const CONNECTION: &'static str = "ApiTokenConnection";
    const EDGE: &'static str = "ApiTokenEdge";
    const ORDER: &'static str = "ApiTokenOrder";
}
