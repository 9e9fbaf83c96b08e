//! Roots: the two kinds of aggregate. What a person decides goes through exactly one root, which has an id, a
//! version, a lock, and a stream of events that are numbered without a gap.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{Id, kind},
    named::named,
    venture::Venture,
};

/// The kinds of root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RootKind {
    /// A portfolio.
    Portfolio,
    /// A venture.
    Venture,
}

named! {
    RootKind { Portfolio = "PORTFOLIO", Venture = "VENTURE" }
}

/// A root, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "root_kind", content = "root_id", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RootId {
    /// A portfolio. It comes first, because who needs both locks the portfolio first.
    Portfolio(Id<kind::Portfolio>),
    /// A venture.
    Venture(Id<Venture>),
}

impl RootId {
    /// The bare id.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Portfolio(id) => id.uuid(),
            Self::Venture(id) => id.uuid(),
        }
    }

    /// What kind of root it is.
    pub fn kind(self) -> RootKind {
        match self {
            Self::Portfolio(_) => RootKind::Portfolio,
            Self::Venture(_) => RootKind::Venture,
        }
    }

    /// The venture; none when the root is a portfolio.
    pub fn venture(self) -> Option<Id<Venture>> {
        match self {
            Self::Venture(id) => Some(id),
            Self::Portfolio(_) => None,
        }
    }

    /// The root of a row that belongs to a portfolio and, unless the root is the portfolio itself, to a venture.
    pub fn of(portfolio: Uuid, venture: Option<Uuid>) -> Self {
        match venture {
            Some(id) => Self::Venture(Id::new(id)),
            None => Self::Portfolio(Id::new(portfolio)),
        }
    }
}

impl From<Id<Venture>> for RootId {
    fn from(id: Id<Venture>) -> Self {
        Self::Venture(id)
    }
}

impl From<Id<kind::Portfolio>> for RootId {
    fn from(id: Id<kind::Portfolio>) -> Self {
        Self::Portfolio(id)
    }
}

impl fmt::Display for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portfolio(id) => write!(f, "portfolio {id}"),
            Self::Venture(id) => write!(f, "venture {id}"),
        }
    }
}
