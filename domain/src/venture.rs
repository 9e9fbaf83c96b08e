//! Ventures: what one is, and how its life may go.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use iso_currency::Currency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    id::{Id, kind},
    named::named,
    refusal::Code,
    stage_run::StageRun,
    text,
};

/// A venture: one undertaking on its way through the stages. The root of its aggregate: whoever
/// changes its runs, attestations or evidence holds the venture's lock.
#[derive(Clone, Debug, PartialEq)]
pub struct Venture {
    /// Its id.
    pub id: Id<Venture>,
    /// The portfolio it belongs to.
    pub portfolio_id: Id<kind::Portfolio>,
    /// What people say of it.
    pub profile: Profile,
    /// Where it stands.
    pub status: Status,
    /// The run of the stage it is in, or was in when it ended.
    pub stage_run_id: Id<StageRun>,
    /// Number of that stage.
    pub stage: u32,
    /// Counts every change of the aggregate, from 1.
    pub version: i64,
    /// The last sequence number of its history.
    pub sequence: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What people say of a venture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// 3 to 120 characters, one line.
    pub name: String,
    /// 20 to 2,000 characters.
    pub description: String,
    /// 2 to 60 characters, one line; a venture may wait for its category.
    pub category: Option<String>,
    /// The IANA zone in which its weeks begin and end.
    #[schemars(with = "String")]
    pub zone: Tz,
    /// The ISO 4217 currency of its money.
    #[schemars(with = "String")]
    pub currency: Currency,
}

/// A change of some of a profile's fields; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProfileChange {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New category; `Some(None)` takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
    pub category: Option<Option<String>>,
    /// New IANA zone.
    pub zone: Option<String>,
    /// New ISO 4217 currency.
    pub currency: Option<String>,
}

/// Keeps "not given" and "given as nothing" apart in JSON.
mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<Option<String>>, s: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
        Option::deserialize(d).map(Some)
    }
}

impl Profile {
    /// Checks every field; the first fault is returned.
    pub fn new(
        name: &str,
        description: &str,
        category: Option<&str>,
        zone: &str,
        currency: &str,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            name: text::line("name", name, 3, 120)?,
            description: text::prose("description", description, 20, 2_000)?,
            category: category.map(|c| text::line("category", c, 2, 60)).transpose()?,
            zone: zone_named(zone)?,
            currency: currency_coded(currency)?,
        })
    }

    /// The profile with `change` applied and checked.
    pub fn changed(&self, change: &ProfileChange) -> Result<Self, Refusal> {
        let category = match &change.category {
            Some(given) => given.as_deref(),
            None => self.category.as_deref(),
        };
        Self::new(
            change.name.as_deref().unwrap_or(&self.name),
            change.description.as_deref().unwrap_or(&self.description),
            category,
            change.zone.as_deref().unwrap_or(self.zone.name()),
            change.currency.as_deref().unwrap_or(self.currency.code()),
        )
    }
}

/// Reads an IANA zone name such as `Europe/Vienna`.
pub fn zone_named(name: &str) -> Result<Tz, Refusal> {
    Tz::from_str(name)
        .map_err(|_| Refusal::invalid("timeZone", "timeZone is not an IANA time zone such as Europe/Vienna"))
}

/// Reads an ISO 4217 code such as `EUR`.
pub fn currency_coded(code: &str) -> Result<Currency, Refusal> {
    Currency::from_code(code)
        .ok_or_else(|| Refusal::invalid("currency", "currency is not an ISO 4217 code such as EUR"))
}

/// Where a venture stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It runs.
    Active,
    /// It rests until a person resumes it.
    Paused {
        /// Why.
        reason: String,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It was given up.
    Killed {
        /// Why.
        reason: String,
        /// When.
        since: DateTime<Utc>,
    },
    /// It passed the last stage.
    Completed {
        /// When.
        since: DateTime<Utc>,
    },
}

/// The kinds of [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKind {
    /// It runs.
    Active,
    /// It rests until a person resumes it.
    Paused,
    /// It was given up.
    Killed,
    /// It passed its last stage.
    Completed,
}

named! {
    StatusKind { Active = "ACTIVE", Paused = "PAUSED", Killed = "KILLED", Completed = "COMPLETED" }
}

impl Status {
    /// The kind of status, without reason and time.
    pub fn kind(&self) -> StatusKind {
        match self {
            Self::Active => StatusKind::Active,
            Self::Paused { .. } => StatusKind::Paused,
            Self::Killed { .. } => StatusKind::Killed,
            Self::Completed { .. } => StatusKind::Completed,
        }
    }
}

impl Venture {
    /// Refuses unless the venture runs.
    pub fn require_active(&self) -> Result<(), Refusal> {
        match &self.status {
            Status::Active => Ok(()),
            Status::Paused { reason, .. } => {
                Err(Refusal::new(Code::VentureNotActive, format!("the venture is paused: {reason}")))
            }
            Status::Killed { .. } | Status::Completed { .. } => Err(self.ended()),
        }
    }

    /// Refuses unless the venture is paused.
    pub fn require_paused(&self) -> Result<(), Refusal> {
        match self.status {
            Status::Paused { .. } => Ok(()),
            Status::Active => Err(Refusal::new(Code::VentureNotPaused, "the venture is not paused")),
            Status::Killed { .. } | Status::Completed { .. } => Err(self.ended()),
        }
    }

    /// Refuses a venture that has ended.
    pub fn require_alive(&self) -> Result<(), Refusal> {
        match self.status {
            Status::Active | Status::Paused { .. } => Ok(()),
            Status::Killed { .. } | Status::Completed { .. } => Err(self.ended()),
        }
    }

    /// Pauses it. `reason`: 3 to 500 characters.
    pub fn pause(&mut self, reason: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.require_active()?;
        self.status = Status::Paused { reason: text::prose("reason", reason, 3, 500)?, since: now };
        Ok(())
    }

    /// Lets it run again.
    pub fn resume(&mut self) -> Result<(), Refusal> {
        self.require_paused()?;
        self.status = Status::Active;
        Ok(())
    }

    /// Gives it up for good. `reason`: 3 to 500 characters.
    pub fn kill(&mut self, reason: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.require_alive()?;
        self.status = Status::Killed { reason: text::prose("reason", reason, 3, 500)?, since: now };
        Ok(())
    }

    fn ended(&self) -> Refusal {
        let how = if matches!(self.status, Status::Completed { .. }) { "completed" } else { "killed" };
        Refusal::new(Code::VentureEnded, format!("the venture was {how}"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn venture(status: Status) -> Venture {
        let now = DateTime::UNIX_EPOCH;
        Venture {
            id: Id::new(Uuid::nil()),
            portfolio_id: Id::new(Uuid::nil()),
            profile: Profile::new("Acme", "A venture that makes things.", None, "UTC", "EUR").unwrap(),
            status,
            stage_run_id: Id::new(Uuid::nil()),
            stage: 1,
            version: 1,
            sequence: 0,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn every_status_answers_every_transition_as_the_table_says() {
        let now = DateTime::UNIX_EPOCH;
        let since = now;
        let reason = || "no market".to_owned();
        let (active, paused, killed, done) = (
            Status::Active,
            Status::Paused { reason: reason(), since },
            Status::Killed { reason: reason(), since },
            Status::Completed { since },
        );
        type Row<'a> =
            (&'a Status, Result<&'a Status, Code>, Result<&'a Status, Code>, Result<&'a Status, Code>);
        let ended = Err(Code::VentureEnded);
        let table: [Row<'_>; 4] = [
            (&active, Ok(&paused), Err(Code::VentureNotPaused), Ok(&killed)),
            (&paused, Err(Code::VentureNotActive), Ok(&active), Ok(&killed)),
            (&killed, ended, ended, ended),
            (&done, ended, ended, ended),
        ];
        for (from, pause, resume, kill) in table {
            let apply = |change: &dyn Fn(&mut Venture) -> Result<(), Refusal>| {
                let mut v = venture(from.clone());
                change(&mut v).map(|()| v.status).map_err(|r| r.code)
            };
            assert_eq!(apply(&|v| v.pause("no market", now)), pause.cloned(), "pause {from:?}");
            assert_eq!(apply(&Venture::resume), resume.cloned(), "resume {from:?}");
            assert_eq!(apply(&|v| v.kill("no market", now)), kill.cloned(), "kill {from:?}");
        }
    }

    #[test]
    fn a_profile_is_checked_at_its_bounds() {
        let ok = |name: &str, description: &str| Profile::new(name, description, None, "UTC", "EUR").is_ok();
        assert!(ok("abc", &"d".repeat(20)) && ok(&"n".repeat(120), &"d".repeat(2_000)));
        assert!(!ok("ab", &"d".repeat(20)) && !ok(&"n".repeat(121), &"d".repeat(20)));
        assert!(!ok("abc", &"d".repeat(19)) && !ok("abc", &"d".repeat(2_001)));
        let field = |zone, currency| {
            Profile::new("abc", &"d".repeat(20), None, zone, currency).map_err(|r| r.field.join(".")).err()
        };
        assert_eq!(field("Mars/Olympus", "EUR").as_deref(), Some("timeZone"));
        assert_eq!(field("UTC", "EURO").as_deref(), Some("currency"));
    }

    #[test]
    fn a_change_tells_not_given_from_taken_away() {
        let profile = Profile::new("Acme", &"d".repeat(20), Some("tools"), "UTC", "EUR").unwrap();
        let change: ProfileChange = serde_json::from_str("{}").unwrap();
        assert_eq!(profile.changed(&change).unwrap().category.as_deref(), Some("tools"));
        let change: ProfileChange = serde_json::from_str(r#"{"category":null}"#).unwrap();
        assert_eq!(profile.changed(&change).unwrap().category, None);
        let json = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<ProfileChange>(&json).unwrap(), change);
    }
}
