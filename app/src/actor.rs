//! Who acts, and how far they may see.

use domain::{
    Role,
    id::{Id, kind},
};
use sea_orm::{ColumnTrait, Condition};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, signed in.
    Person(Person),
    /// An agent of ours, by name: a worker's queue or a sweep. It sees every portfolio, because what
    /// it may do is fixed by the command it was sent.
    Agent(String),
}

/// A person and the roles they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person's id.
    pub id: Id<kind::Person>,
    /// Unique short name.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Their places.
    pub memberships: Vec<Membership>,
}

/// A person's place in one portfolio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// Roles held there.
    pub roles: Vec<Role>,
}

/// An actor as recorded in history and audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// `person` or `agent`.
    pub kind: RecordedKind,
    /// The person's id; none for an agent.
    pub id: Option<Id<kind::Person>>,
    /// The person's or the agent's name.
    pub name: String,
    /// Roles held in the portfolio at the time.
    pub roles: Vec<Role>,
}

/// What kind of actor was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedKind {
    /// A person.
    Person,
    /// A named agent.
    Agent,
}

/// Which portfolios' records a caller may see or touch. Every finder takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All: our own agents only.
    All,
    /// These.
    Portfolios(Vec<Uuid>),
}

impl Actor {
    /// How far the actor sees.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Person(p) => {
                Scope::Portfolios(p.memberships.iter().map(|m| m.portfolio_id.uuid()).collect())
            }
            Self::Agent(_) => Scope::All,
        }
    }

    /// Roles held in a portfolio.
    pub fn roles_in(&self, portfolio: Id<kind::Portfolio>) -> &[Role] {
        match self {
            Self::Person(p) => {
                p.memberships.iter().find(|m| m.portfolio_id == portfolio).map_or(&[], |m| m.roles.as_slice())
            }
            Self::Agent(_) => &[],
        }
    }

    /// Whether a person holds the role in any portfolio.
    pub fn holds_anywhere(&self, role: &str) -> bool {
        matches!(self, Self::Person(p) if p.memberships.iter().flat_map(|m| &m.roles).any(|r| r == role))
    }

    /// The portfolios in which a person holds one of the roles.
    pub fn portfolios_with(&self, roles: &[&str]) -> Vec<Uuid> {
        let memberships = self.person().map(|person| person.memberships.iter()).into_iter().flatten();
        let holds = |m: &&Membership| m.roles.iter().any(|role| roles.contains(&role.as_str()));
        memberships.filter(holds).map(|m| m.portfolio_id.uuid()).collect()
    }

    /// The person; none for an agent.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Agent(_) => None,
        }
    }

    /// As history and audit keep it.
    pub fn recorded(&self, portfolio: Option<Id<kind::Portfolio>>) -> Recorded {
        match self {
            Self::Person(p) => Recorded {
                kind: RecordedKind::Person,
                id: Some(p.id),
                name: p.name.clone(),
                roles: portfolio.map(|id| self.roles_in(id).to_vec()).unwrap_or_default(),
            },
            Self::Agent(name) => {
                Recorded { kind: RecordedKind::Agent, id: None, name: name.clone(), roles: Vec::new() }
            }
        }
    }
}

impl Scope {
    /// The condition that holds a query to this scope.
    pub(crate) fn on(&self, portfolio: impl ColumnTrait) -> Condition {
        match self {
            Self::All => Condition::all(),
            Self::Portfolios(ids) => Condition::all().add(portfolio.is_in(ids.iter().copied())),
        }
    }

    /// Whether it reaches a portfolio.
    pub fn reaches(&self, portfolio: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::Portfolios(ids) => ids.contains(&portfolio),
        }
    }
}
