//! How members are listed.

use app::query::members::{self, Members, OrderBy};
use async_graphql::{Enum, InputObject};

use super::Member;
use crate::{
    list::{Filtering, Listing, TimeRange, period, set},
    person::PersonKind,
};

/// Conditions on members. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct MemberFilter {
    /// Roles of which the member holds at least one, at most 100.
    roles: Option<Vec<String>>,
    /// Kind of the person.
    kind: Option<PersonKind>,
    /// Joined in this range.
    joined_at: Option<TimeRange>,
}

impl Filtering for MemberFilter {
    type List = Members;

    fn checked(self) -> async_graphql::Result<members::Filter> {
        Ok(members::Filter {
            roles: set("roles", self.roles, |role| role)?,
            kind: self.kind.map(Into::into),
            joined: period("joinedAt", self.joined_at)?,
        })
    }
}

/// Field to sort members by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum MemberOrderField {
    /// Handle of the person, byte by byte.
    Handle,
    /// Time at which the person became a member.
    JoinedAt,
}

impl Listing for Members {
    type Node = Member;
    type By = MemberFilter;
    type OrderField = MemberOrderField;

    const CONNECTION: &'static str = "MemberConnection";
    const EDGE: &'static str = "MemberEdge";
    const ORDER: &'static str = "MemberOrder";
}
