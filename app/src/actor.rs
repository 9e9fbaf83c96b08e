//! Who acts, and how far they may see.

use chrono::{DateTime, Utc};
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

/// A person and the roles they hold, as far as what they signed in with reaches.
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
    /// What they signed in with.
    pub credential: Credential,
}

/// What a person signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An API token.
    Token {
        /// Which.
        id: Id<kind::Token>,
        /// The one portfolio it reaches; none: all of its holder's.
        portfolio_id: Option<Id<kind::Portfolio>>,
        /// Whether it is held to some of its holder's roles.
        narrowed: bool,
        /// When it ends by itself.
        expires_at: Option<DateTime<Utc>>,
        /// When it was used before, to the minute.
        last_used_at: Option<DateTime<Utc>>,
    },
    /// A token of the OIDC issuer.
    Claims {
        /// The issuer.
        issuer: String,
        /// Who they are to it.
        subject: String,
        /// Until when it is taken: its `exp` with the leeway.
        ends_at: DateTime<Utc>,
    },
    /// The signature of a webhook source, whose person acts in its portfolio alone.
    Source {
        /// Which.
        id: Id<kind::WebhookSource>,
    },
}

impl Credential {
    /// The API token; none for whoever has none.
    pub fn token(&self) -> Option<Id<kind::Token>> {
        match self {
            Self::Token { id, .. } => Some(*id),
            Self::Claims { .. } | Self::Source { .. } => None,
        }
    }

    /// The webhook source; none for whoever is none.
    pub fn source(&self) -> Option<Id<kind::WebhookSource>> {
        match self {
            Self::Source { id } => Some(*id),
            Self::Token { .. } | Self::Claims { .. } => None,
        }
    }

    /// When it ends by itself.
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Token { expires_at, .. } => *expires_at,
            Self::Claims { ends_at, .. } => Some(*ends_at),
            Self::Source { .. } => None,
        }
    }

    /// Whether it reaches less than its holder: one portfolio, or some of the roles. Such a token manages
    /// no other token of its holder's, else it could make one that reaches further.
    pub fn is_restricted(&self) -> bool {
        self.is_bound() || self.is_narrowed()
    }

    /// Whether it is held to some of its holder's roles. What needs no role is then not for it either.
    pub fn is_narrowed(&self) -> bool {
        matches!(self, Self::Token { narrowed: true, .. })
    }

    /// The only token of its holder's that it reaches: itself, when it is restricted.
    pub(crate) fn only_token(&self) -> Option<Id<kind::Token>> {
        self.token().filter(|_| self.is_restricted())
    }

    fn is_bound(&self) -> bool {
        matches!(self, Self::Token { portfolio_id: Some(_), .. } | Self::Source { .. })
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id<kind::Person>>,
    /// The agent's name; none for a person, who may be renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Roles held in the portfolio at the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The API token they acted with: it may have been made for them by another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<Id<kind::Token>>,
    /// The webhook source as which they acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_source_id: Option<Id<kind::WebhookSource>>,
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

    /// Whether a person holds the role in any portfolio. What is done by such a right reaches beyond the
    /// portfolio in which it is held, so a token bound to one has no part in it.
    pub fn holds_anywhere(&self, role: &str) -> bool {
        self.person().is_some_and(|person| {
            !person.credential.is_bound()
                && person.memberships.iter().flat_map(|m| &m.roles).any(|held| held == role)
        })
    }

    /// Whether what they signed in with has ended by now. An agent's does not.
    pub fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.person().and_then(|person| person.credential.ends_at()).is_some_and(|end| end <= now)
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
                agent: None,
                roles: portfolio.map(|id| self.roles_in(id).to_vec()).unwrap_or_default(),
                token_id: p.credential.token(),
                webhook_source_id: p.credential.source(),
            },
            Self::Agent(name) => Recorded {
                kind: RecordedKind::Agent,
                id: None,
                agent: Some(name.clone()),
                roles: Vec::new(),
                token_id: None,
                webhook_source_id: None,
            },
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

    /// The part of it that is one portfolio, or nothing.
    pub fn narrowed_to(&self, portfolio: Uuid) -> Self {
        Self::Portfolios(self.reaches(portfolio).then_some(portfolio).into_iter().collect())
    }

    /// Whether it reaches a portfolio.
    pub fn reaches(&self, portfolio: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::Portfolios(ids) => ids.contains(&portfolio),
        }
    }
}
