//! Members: what they are called, and which roles they and their tokens may be given.
//!
//! Who may give them lives with the commands, not here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Refusal, Role,
    named::{Named, named},
    refusal::Code,
    text,
};

/// The most members of one portfolio.
pub const MAX_MEMBERS: u64 = 10_000;
/// The most tokens of one person that are neither expired nor revoked.
pub const MAX_TOKENS: u64 = 100;
/// The longest life of a token, in days, whatever the settings say.
pub const MAX_TOKEN_DAYS: u32 = 3_650;

/// Who stands behind a person's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonKind {
    /// A human being.
    Person,
    /// A system that calls us: an integration.
    Service,
}

named! {
    PersonKind { Person = "PERSON", Service = "SERVICE" }
}

impl PersonKind {
    /// The name, as columns and the API spell it.
    pub fn name(self) -> &'static str {
        self.as_str()
    }

    /// The kind with this name; none when no kind has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::parse(name)
    }
}

/// Checks a handle: 2 to 100 characters of a-z, 0-9, `.`, `_` and `-`, starting with a letter.
pub fn handle(text: &str) -> Result<String, Refusal> {
    let good = (2..=100).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c));
    if good {
        Ok(text.to_owned())
    } else {
        let message = "handle is 2 to 100 characters of a-z, 0-9, ., _ and -, starting with a letter";
        Err(Refusal::invalid("handle", message))
    }
}

/// Checks an e-mail address of at most 254 characters. Whether it takes mail, only mail can tell.
pub fn email(address: &str) -> Result<String, Refusal> {
    let address = text::line("email", address, 3, 254)?;
    let good = address
        .rsplit_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains(".."))
        && !address.contains(|c: char| c.is_whitespace() || "<>,;".contains(c));
    if good { Ok(address) } else { Err(Refusal::invalid("email", "email is not an address")) }
}

/// Whether two addresses reach the same mailbox, as far as can be told: case is not told apart.
pub fn same_email(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The roles a member is given: at least one, each once, each of the platform or of those in `playbook`.
pub fn granted(asked: &[String], playbook: impl Fn(&Role) -> bool) -> Result<Vec<Role>, Refusal> {
    let roles = distinct(asked)?;
    if roles.is_empty() {
        return Err(Refusal::invalid("roles", "a member has at least one role"));
    }
    match roles.iter().find(|role| !role.is_platform() && !playbook(role)) {
        Some(role) => Err(unknown(role.as_str())),
        None => Ok(roles),
    }
}

/// The roles a token is held to: each once, each of those that its holder has. None at all: it reads.
pub fn narrowed(asked: &[String], held: &[Role]) -> Result<Vec<Role>, Refusal> {
    let roles = distinct(asked)?;
    match roles.iter().find(|role| !held.contains(role)) {
        Some(role) => {
            let message = format!("the role {role} is not held there, so no token can have it");
            Err(Refusal::new(Code::RoleNotHeld, message).at("roles"))
        }
        None => Ok(roles),
    }
}

/// Refuses what would take the last ADMIN's role away; `others` counts the ADMINs beside the member.
pub fn keep_an_admin(before: &[Role], after: &[Role], others: u64) -> Result<(), Refusal> {
    let admin = |roles: &[Role]| roles.iter().any(|role| role == Role::ADMIN);
    if admin(before) && !admin(after) && others == 0 {
        let message = "this is the portfolio's last ADMIN: make another one first";
        return Err(Refusal::new(Code::LastAdmin, message));
    }
    Ok(())
}

fn distinct(asked: &[String]) -> Result<Vec<Role>, Refusal> {
    let roles: Result<BTreeSet<_>, _> = asked.iter().map(|name| Role::parse(name)).collect();
    match roles {
        Ok(roles) => Ok(roles.into_iter().collect()),
        Err(invalid) => Err(unknown(&invalid.0)),
    }
}

fn unknown(role: &str) -> Refusal {
    Refusal::new(Code::UnknownRole, format!("there is no role {role:?} in this portfolio")).at("roles")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str]) -> Vec<Role> {
        names.iter().map(|name| Role::parse(name).unwrap()).collect()
    }

    fn asked(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn handles_and_addresses_have_their_form() {
        for good in ["jo", "jane.doe", "acme.venture_lead", "ci-2", &"a".repeat(100)] {
            assert_eq!(handle(good).as_deref(), Ok(good));
        }
        for bad in ["", "j", "Jane", "1st", ".dot", "jane doe", "jané", &"a".repeat(101)] {
            assert!(handle(bad).is_err(), "{bad:?}");
        }
        for good in ["a@b", "Jane.Doe+x@mail.example.org", "jörg@exämple.org"] {
            assert_eq!(email(good).as_deref(), Ok(good));
        }
        for bad in ["", "jane", "@host", "jane@", "a b@c", "a@b,c@d", "Jane <j@d>", "j@a..b", "a\nb@c"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
        assert!(same_email("Jane@Example.org", "jane@example.ORG"));
        assert!(!same_email("jane@example.org", "jane@example.com"));
    }

    #[test]
    fn a_member_is_given_roles_that_exist() {
        let lead = |role: &Role| role == "LEAD";
        assert_eq!(granted(&asked(&["LEAD", "ADMIN", "LEAD"]), lead), Ok(roles(&["ADMIN", "LEAD"])));
        assert_eq!(granted(&[], lead).map_err(|r| r.code), Err(Code::InvalidInput));
        for unknown in [&["SAILOR"][..], &["LEAD", "lead"], &["LEAD", ""]] {
            assert_eq!(granted(&asked(unknown), lead).map_err(|r| r.code), Err(Code::UnknownRole));
        }
    }

    #[test]
    fn a_token_has_no_more_than_its_holder() {
        let held = roles(&["ADMIN", "LEAD"]);
        assert_eq!(narrowed(&asked(&["LEAD"]), &held), Ok(roles(&["LEAD"])));
        assert_eq!(narrowed(&[], &held), Ok(Vec::new()));
        for more in [&["BOARD"][..], &["LEAD", "VIEWER"]] {
            assert_eq!(narrowed(&asked(more), &held).map_err(|r| r.code), Err(Code::RoleNotHeld));
        }
    }

    #[test]
    fn the_last_admin_stays() {
        let (admin, lead, both) = (roles(&["ADMIN"]), roles(&["LEAD"]), roles(&["ADMIN", "LEAD"]));
        let cases: [(&[Role], &[Role], u64, bool); 7] = [
            (&admin, &lead, 0, false),
            (&admin, &[], 0, false),
            (&both, &lead, 0, false),
            (&admin, &lead, 1, true),
            (&admin, &both, 0, true),
            (&lead, &[], 0, true),
            (&lead, &admin, 0, true),
        ];
        for (before, after, others, allowed) in cases {
            let outcome = keep_an_admin(before, after, others);
            assert_eq!(outcome.is_ok(), allowed, "{before:?} {after:?} {others}");
            assert!(allowed || outcome.map_err(|r| r.code) == Err(Code::LastAdmin));
        }
    }
}
