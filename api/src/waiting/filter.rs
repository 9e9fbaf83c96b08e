//! How the list of what waits is filtered.

use app::query::waiting::Filter;
use async_graphql::{ID, InputObject};

use crate::{global_id::Kind, list::optional_id};

/// Conditions on what waits for the viewer. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WaitingFilter {
    /// Global id of the portfolio.
    portfolio_id: Option<ID>,
    /// Global id of the venture.
    venture_id: Option<ID>,
    /// True: only steps that the viewer's own roles own, not steps that a final authority may take in place of
    /// others. Default: all steps.
    owned: Option<bool>,
}

impl WaitingFilter {
    pub(super) fn checked(self) -> async_graphql::Result<Filter> {
        Ok(Filter {
            portfolio: optional_id(Kind::Portfolio, self.portfolio_id)?,
            venture: optional_id(Kind::Venture, self.venture_id)?,
            owned: self.owned.unwrap_or_default(),
        })
    }
}
