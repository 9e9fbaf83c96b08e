//! Portfolios: the boundary around ventures, and the root of what is decided for all of them together.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use iso_currency::Currency;

use crate::{
    Refusal,
    id::{Id, kind},
    text,
    venture::{currency_coded, zone_named},
};

/// A portfolio. Members, playbook, webhooks and the stage runs whose subject is the portfolio change under its lock.
#[derive(Clone, Debug, PartialEq)]
pub struct Portfolio {
    /// Its id.
    pub id: Id<kind::Portfolio>,
    /// 2 to 40 characters of a-z, 0-9 and `-`, starting with a letter; unique.
    pub slug: String,
    /// 2 to 120 characters, one line.
    pub name: String,
    /// The IANA zone of new ventures.
    pub zone: Tz,
    /// The ISO 4217 currency of new ventures.
    pub currency: Currency,
    /// The playbook version with which new stage runs start, and whose rights hold.
    pub playbook_id: Id<kind::Playbook>,
    /// How many enabled webhook endpoints are told of its events.
    pub listeners: i32,
    /// Counts every change of the portfolio, from 1.
    pub version: i64,
    /// The last sequence number of its own history.
    pub sequence: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a new portfolio is called, and what its ventures start with.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: Tz,
    /// Its currency.
    pub currency: Currency,
}

impl Settings {
    /// Checks every field; the first fault is returned.
    pub fn checked(slug: &str, name: &str, zone: &str, currency: &str) -> Result<Self, Refusal> {
        Ok(Self {
            slug: checked_slug(slug)?,
            name: text::line("name", name, 2, 120)?,
            zone: zone_named(zone)?,
            currency: currency_coded(currency)?,
        })
    }
}

fn checked_slug(slug: &str) -> Result<String, Refusal> {
    let good = (2..=40).contains(&slug.len())
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if good {
        Ok(slug.to_owned())
    } else {
        Err(Refusal::invalid("slug", "slug is 2 to 40 characters of a-z, 0-9 and -, starting with a letter"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_short_and_plain() {
        for good in ["ab", "a1", "venture-studio"] {
            assert_eq!(checked_slug(good).as_deref(), Ok(good));
        }
        let long = "a".repeat(41);
        for bad in ["", "a", "1a", "-a", "Ab", "a_b", "é2", long.as_str()] {
            assert!(checked_slug(bad).is_err(), "{bad}");
        }
    }
}
