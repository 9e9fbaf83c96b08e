//! How ventures are listed.

use app::query::ventures::{self, OrderBy, Search, Ventures};
use async_graphql::{Enum, ID, InputObject};
use domain::venture::StatusKind;

use super::{Venture, VentureStatus};
use crate::{
    global_id::Kind,
    list::{Filtering, Listing, TimeRange, ids, names, optional_id, period, refused, set},
};

/// Conditions on ventures. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct VentureFilter {
    /// Global ids, at most 100.
    ids: Option<Vec<ID>>,
    /// Global id of the portfolio.
    portfolio_id: Option<ID>,
    /// Statuses, at most 100.
    statuses: Option<Vec<VentureStatus>>,
    /// Numbers of the current stage, at most 100.
    stages: Option<Vec<u32>>,
    /// Exact category.
    category: Option<String>,
    /// IANA time zones, at most 100.
    time_zones: Option<Vec<String>>,
    /// Created in this range.
    created_at: Option<TimeRange>,
    /// Last changed in this range.
    updated_at: Option<TimeRange>,
    /// Words that name, description and category together contain. All words must occur; the last word may be the
    /// beginning of a word. At most 200 characters and 16 words. Case is ignored, and punctuation separates words.
    search: Option<String>,
}

impl Filtering for VentureFilter {
    type List = Ventures;

    fn checked(self) -> async_graphql::Result<ventures::Filter> {
        Ok(ventures::Filter {
            ids: ids(Kind::Venture, self.ids)?,
            portfolio: optional_id(Kind::Portfolio, self.portfolio_id)?,
            statuses: names::<_, StatusKind>("statuses", self.statuses)?,
            stages: set("stages", self.stages, |stage| stage)?,
            category: self.category,
            zones: set("timeZones", self.time_zones, |zone| zone)?,
            created: period("createdAt", self.created_at)?,
            updated: period("updatedAt", self.updated_at)?,
            search: self.search.as_deref().map(Search::new).transpose().map_err(refused)?,
        })
    }
}

/// Field to sort ventures by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum VentureOrderField {
    /// Time of creation.
    CreatedAt,
    /// Time of the last change. A venture that changes while a client reads page after page moves in the list.
    UpdatedAt,
    /// Name, byte by byte.
    Name,
    /// How well the venture matches `search`, which is required: each word counts 4 in the name, 2 in the category
    /// and 1 in the description.
    Relevance,
}

impl Listing for Ventures {
    type Node = Venture;
    type By = VentureFilter;
    type OrderField = VentureOrderField;

    const CONNECTION: &'static str = "VentureConnection";
    const EDGE: &'static str = "VentureEdge";
    const ORDER: &'static str = "VentureOrder";
}
