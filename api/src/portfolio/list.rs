//! How portfolios are listed.

use app::query::portfolios::{self, OrderBy, Portfolios};
use async_graphql::{Enum, ID, InputObject};

use super::Portfolio;
use crate::{
    global_id::Kind,
    list::{Filtering, Listing, TimeRange, ids, period, set},
};

/// Conditions on portfolios. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct PortfolioFilter {
    /// Global ids, at most 100.
    ids: Option<Vec<ID>>,
    /// Slugs, at most 100.
    slugs: Option<Vec<String>>,
    /// Created in this range.
    created_at: Option<TimeRange>,
}

impl Filtering for PortfolioFilter {
    type List = Portfolios;

    fn checked(self) -> async_graphql::Result<portfolios::Filter> {
        Ok(portfolios::Filter {
            ids: ids(Kind::Portfolio, self.ids)?,
            slugs: set("slugs", self.slugs, |slug| slug)?,
            created: period("createdAt", self.created_at)?,
        })
    }
}

/// Field to sort portfolios by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum PortfolioOrderField {
    /// Slug, byte by byte.
    Slug,
    /// Time of creation.
    CreatedAt,
}

impl Listing for Portfolios {
    type Node = Portfolio;
    type By = PortfolioFilter;
    type OrderField = PortfolioOrderField;

    const CONNECTION: &'static str = "PortfolioConnection";
    const EDGE: &'static str = "PortfolioEdge";
    const ORDER: &'static str = "PortfolioOrder";
}
