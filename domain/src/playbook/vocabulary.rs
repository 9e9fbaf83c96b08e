//! What a playbook says for all of its stages: roles, rights and facts.
//!
//! What the platform itself has is not declared again, and what it does not supply cannot be.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_saphyr::Spanned;

use super::document::{FactDocument, PlaybookDocument};
use super::fault::Faults;
use crate::expression::{Declaration, Declarations, PLATFORM_FACTS, Source};
use crate::role::Role;

/// Titles by role.
pub(super) fn roles(main: &PlaybookDocument, faults: &mut Faults<'_>) -> BTreeMap<Role, String> {
    let mut roles = BTreeMap::new();
    for (key, role) in &main.roles {
        match Role::parse(key) {
            Ok(known) if known.is_platform() => {
                faults.at(role.referenced, format!("role {key} is the platform's own"));
            }
            Ok(new) => {
                roles.insert(new, role.value.title.clone());
            }
            Err(invalid) => faults.at(role.referenced, invalid.to_string()),
        }
    }
    roles
}

/// The roles of a list, each known: the playbook's own or the platform's.
pub(super) fn known_roles(
    list: &[Spanned<String>],
    roles: &BTreeMap<Role, String>,
    faults: &mut Faults<'_>,
) -> Vec<Role> {
    let mut known = Vec::new();
    for text in list {
        match Role::parse(&text.value) {
            Ok(role) if role.is_platform() || roles.contains_key(&role) => known.push(role),
            _ => faults.at(text.referenced, format!("there is no role {}", text.value)),
        }
    }
    known
}

/// Who may run which of the commands that a playbook governs.
pub(super) fn rights(
    main: &PlaybookDocument,
    governed: &[&str],
    roles: &BTreeMap<Role, String>,
    faults: &mut Faults<'_>,
) -> BTreeMap<String, Vec<Role>> {
    let mut rights = BTreeMap::new();
    for (command, holders) in &main.rights {
        if !governed.contains(&command.as_str()) {
            let known = governed.join(", ");
            faults.at(holders.referenced, format!("{command} is no command a playbook governs: {known}"));
        }
        rights.insert(command.clone(), known_roles(&holders.value, roles, faults));
    }
    rights
}

/// The declared facts; one that is refused is declared all the same, so that rules over it are checked.
pub(super) fn facts(main: &PlaybookDocument, faults: &mut Faults<'_>) -> Declarations {
    let mut facts = Declarations::new();
    for (name, fact) in &main.facts {
        if let Err(message) = check_fact(name, &fact.value) {
            faults.at(fact.referenced, format!("fact {name}: {message}"));
        }
        let document = &fact.value;
        let declaration = Declaration {
            r#type: document.r#type,
            unit: document.unit.clone(),
            source: document.source,
            range: document.range,
            max_age: document.max_age_hours.map(|hours| TimeDelta::hours(i64::from(hours))),
            description: document.description.clone(),
        };
        facts.insert(name.clone(), declaration);
    }
    facts
}

fn check_fact(name: &str, fact: &FactDocument) -> Result<(), String> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if name.split('.').count() < 2 || !name.split('.').all(word) {
        return Err("a name is two or more words of a-z, 0-9 and _, joined by dots".to_owned());
    }
    let platform = PLATFORM_FACTS.iter().find(|(known, ..)| *known == name);
    match (fact.source, platform) {
        (Source::Attested, Some(_)) => return Err("the platform supplies it, nobody attests it".to_owned()),
        (Source::Attested, None) | (_, Some(_)) => {}
        (_, None) => return Err("the platform supplies no such fact".to_owned()),
    }
    if let Some((_, source, r#type)) = platform
        && (*source != fact.source || *r#type != fact.r#type)
    {
        return Err(format!("the platform supplies it as {}", r#type.name()));
    }
    match fact.range {
        Some(_) if !fact.r#type.is_number() => Err(format!("a {} has no range", fact.r#type.name())),
        Some((least, greatest)) if !(least.is_finite() && greatest.is_finite() && least < greatest) => {
            Err(format!("{least} to {greatest} is no range"))
        }
        _ => Ok(()),
    }
}
