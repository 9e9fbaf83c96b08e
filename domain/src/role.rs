//! Roles: what a member may do. The playbook names its own; the platform adds five.
//!
//! Which role may do what lives with the commands, not here.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A role's key: upper-case letters, digits and underscores, 2 to 40 characters, first a letter.
///
/// The thirteen of the built-in playbook (`CHAIRMAN` … `STAKEHOLDER`) are data; a portfolio with
/// another playbook has others. [`Role::PLATFORM`] exist everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(String);

/// The text is not a role's key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is 2 to 40 characters of A-Z, 0-9 and _, starting with a letter; got {0:?}")]
pub struct InvalidRole(pub String);

impl Role {
    /// The role that gives the others: members, their roles and their tokens are its holders' affair.
    pub const ADMIN: &'static str = "ADMIN";
    /// Roles of the platform itself, present with every playbook.
    pub const PLATFORM: [&'static str; 5] = ["ADMIN", "OPERATOR", "AGENT", "INTEGRATION", "VIEWER"];

    /// Reads a role's key.
    pub fn parse(text: &str) -> Result<Self, InvalidRole> {
        let good = (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidRole(text.chars().take(60).collect())) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is one of the platform's own roles.
    pub fn is_platform(&self) -> bool {
        Self::PLATFORM.contains(&self.0.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Role {
    type Error = InvalidRole;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.0
    }
}

impl JsonSchema for Role {
    fn schema_name() -> Cow<'static, str> {
        "Role".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]{1,39}$" })
    }
}

impl PartialEq<str> for Role {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_an_upper_case_key() {
        for good in ["LEAD", "DEVOPS_ON_CALL", "P0"] {
            assert_eq!(Role::parse(good).map(|r| r.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "A", "lead", "LEAD ", "1ST", &"A".repeat(41)] {
            assert!(Role::parse(bad).is_err(), "{bad:?}");
        }
    }
}
