//! How evidence is listed.

use app::query::evidence::{self, OrderBy, Pieces};
use async_graphql::{Enum, InputObject};
use domain::evidence::ContentKind;

use super::{Evidence, EvidenceKind};
use crate::list::{Filtering, Listing, TimeRange, names, period, set};

/// Conditions on evidence. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct EvidenceFilter {
    /// Kinds, at most 100.
    kinds: Option<Vec<EvidenceKind>>,
    /// Numbers of stages, at most 100.
    stages: Option<Vec<u32>>,
    /// True: only withdrawn evidence. False: only evidence that counts. Default: both.
    withdrawn: Option<bool>,
    /// Submitted in this range.
    submitted_at: Option<TimeRange>,
}

impl Filtering for EvidenceFilter {
    type List = Pieces;

    fn checked(self) -> async_graphql::Result<evidence::Filter> {
        Ok(evidence::Filter {
            kinds: names::<_, ContentKind>("kinds", self.kinds)?,
            stages: set("stages", self.stages, |stage| stage)?,
            withdrawn: self.withdrawn,
            submitted: period("submittedAt", self.submitted_at)?,
        })
    }
}

/// Field to sort evidence by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum EvidenceOrderField {
    /// Time of submission.
    SubmittedAt,
}

impl Listing for Pieces {
    type Node = Evidence;
    type By = EvidenceFilter;
    type OrderField = EvidenceOrderField;

    const CONNECTION: &'static str = "EvidenceConnection";
    const EDGE: &'static str = "EvidenceEdge";
    const ORDER: &'static str = "EvidenceOrder";
}
