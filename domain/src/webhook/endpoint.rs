//! Endpoints: addresses that are told of a portfolio's events.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Refusal,
    id::{Id, kind},
    named::{Named, named},
    refusal::Code,
    text,
};

/// The most endpoints of one portfolio.
pub const MAX_ENDPOINTS: u64 = 50;
/// The most secrets that sign at the same time.
pub const MAX_SECRETS: usize = 5;
/// How long every attempt may fail before an endpoint is disabled.
pub const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(5);
/// The longest address, in characters.
const MAX_URL: usize = 2_048;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 500;

/// An address that is told of a portfolio's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its id.
    pub id: Id<kind::WebhookEndpoint>,
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// What was set by a person.
    pub settings: Settings,
    /// Whether it is told of anything.
    pub state: State,
    /// Who made it.
    pub created_by: Id<kind::Person>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// What a person sets of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Wire names of the events it is told of; none: all.
    pub event_types: Option<Vec<String>>,
}

/// What changes of an endpoint's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Another address.
    pub url: Option<String>,
    /// Another description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Other events; `Some(None)`: all.
    pub event_types: Option<Option<Vec<String>>>,
}

/// Whether an endpoint is told of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Enabled {
        /// Since when every attempt has failed.
        failing_since: Option<DateTime<Utc>>,
    },
    /// It is not, until a person enables it.
    Disabled {
        /// Why.
        reason: DisabledReason,
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// Why an endpoint is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisabledReason {
    /// A person wanted it.
    Requested,
    /// It answered 410: it is not there any more.
    Gone,
    /// Every attempt had failed for too long.
    Failing,
}

named! {
    DisabledReason { Requested = "REQUESTED", Gone = "GONE", Failing = "FAILING" }
}

impl DisabledReason {
    /// The name, as columns and the API spell it.
    pub fn as_str(self) -> &'static str {
        Named::as_str(self)
    }

    /// The reason with this name; none when no reason has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::parse(name)
    }
}

impl Settings {
    /// Checks what a person set; `known` are the wire names that there are.
    pub fn checked(&self, known: &[&str]) -> Result<Self, Refusal> {
        Ok(Self {
            url: checked_url(&self.url)?,
            description: self
                .description
                .as_deref()
                .map(|text| text::line("description", text, 1, MAX_DESCRIPTION))
                .transpose()?,
            event_types: self.event_types.as_deref().map(|names| checked_types(names, known)).transpose()?,
        })
    }

    /// The settings with a change, checked.
    pub fn changed(&self, change: &Change, known: &[&str]) -> Result<Self, Refusal> {
        let changed = Self {
            url: change.url.clone().unwrap_or_else(|| self.url.clone()),
            description: change.description.clone().unwrap_or_else(|| self.description.clone()),
            event_types: change.event_types.clone().unwrap_or_else(|| self.event_types.clone()),
        };
        changed.checked(known)
    }

    /// Whether it is told of an event.
    pub fn wants(&self, event_type: &str) -> bool {
        self.event_types.as_ref().is_none_or(|names| names.iter().any(|name| name == event_type))
    }
}

fn checked_url(url: &str) -> Result<String, Refusal> {
    let refused = |message: &str| Refusal::invalid("url", message);
    if url.chars().count() > MAX_URL {
        return Err(refused(&format!("url has more than {MAX_URL} characters")));
    }
    let parsed = Url::parse(url).map_err(|error| refused(&format!("url is no address: {error}")))?;
    if !matches!(parsed.scheme(), "https" | "http") {
        return Err(refused("url begins with https:// or, where the system allows it, http://"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refused("url holds credentials; a webhook is known by its signature"));
    }
    if parsed.fragment().is_some() {
        return Err(refused("url has a fragment, which is never sent"));
    }
    Ok(parsed.into())
}

fn checked_types(names: &[String], known: &[&str]) -> Result<Vec<String>, Refusal> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !known.contains(&name.as_str()) {
            let shown: String = name.chars().take(60).collect();
            return Err(Refusal::invalid("eventTypes", format!("there is no event type {shown:?}")));
        }
        if !kept.contains(name) {
            kept.push(name.clone());
        }
    }
    if kept.is_empty() {
        return Err(Refusal::invalid(
            "eventTypes",
            "name at least one event type, or leave them out for all",
        ));
    }
    Ok(kept)
}

impl Endpoint {
    /// Whether it is told of anything.
    pub fn is_enabled(&self) -> bool {
        matches!(self.state, State::Enabled { .. })
    }

    /// Refuses what needs an enabled endpoint.
    pub fn require_enabled(&self) -> Result<(), Refusal> {
        if self.is_enabled() {
            return Ok(());
        }
        Err(Refusal::new(Code::WebhookEndpointDisabled, "the endpoint is disabled; enable it first"))
    }

    /// Is told of nothing any more.
    pub fn disable(&mut self, reason: DisabledReason, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.require_enabled()?;
        self.state = State::Disabled { reason, since: now };
        Ok(())
    }

    /// Is told of events again, its failures forgotten.
    pub fn enable(&mut self) -> Result<(), Refusal> {
        if self.is_enabled() {
            return Err(Refusal::new(Code::WebhookEndpointEnabled, "the endpoint is enabled already"));
        }
        self.state = State::Enabled { failing_since: None };
        Ok(())
    }

    /// An attempt succeeded. Whether that changes anything.
    pub fn succeeded(&mut self) -> bool {
        match &mut self.state {
            State::Enabled { failing_since } => failing_since.take().is_some(),
            State::Disabled { .. } => false,
        }
    }

    /// An attempt failed. Whether that is to be the last: all have failed for as long as [`GIVE_UP_AFTER`].
    pub fn failed(&mut self, now: DateTime<Utc>) -> bool {
        match &mut self.state {
            State::Enabled { failing_since } => now - *failing_since.get_or_insert(now) >= GIVE_UP_AFTER,
            State::Disabled { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use uuid::Uuid;

    use super::*;

    const KNOWN: [&str; 2] = ["venture.created.v1", "stage.late.v1"];

    fn settings(url: &str, event_types: Option<&[&str]>) -> Settings {
        let event_types = event_types.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        Settings { url: url.to_owned(), description: None, event_types }
    }

    #[test]
    fn an_address_is_checked_and_kept_in_its_one_spelling() {
        let checked = |url: &str| settings(url, None).checked(&KNOWN).map(|settings| settings.url);
        assert_eq!(checked("HTTPS://Example.com:443/a b"), Ok("https://example.com/a%20b".to_owned()));
        assert_eq!(checked("http://example.com"), Ok("http://example.com/".to_owned()));
        let long = |length: usize| format!("https://e.com/{}", "x".repeat(length - 14));
        assert!(checked(&long(2_048)).is_ok());
        for bad in [
            "",
            "example.com",
            "ftp://example.com/",
            "javascript:alert(1)",
            "https://",
            "https://u:p@example.com/",
            "https://u@example.com/",
            "https://example.com/#part",
            &long(2_049),
        ] {
            assert_eq!(checked(bad).unwrap_err().field, ["url"], "{bad}");
        }
    }

    #[test]
    fn it_wants_the_events_it_names_or_all() {
        let all = settings("https://example.com/", None);
        let some = settings("https://example.com/", Some(&["stage.late.v1", "stage.late.v1"]));
        let some = some.checked(&KNOWN).unwrap();
        assert_eq!(some.event_types.as_ref().unwrap().len(), 1);
        assert!(all.wants("venture.created.v1") && some.wants("stage.late.v1"));
        assert!(!some.wants("venture.created.v1"));
        for bad in [&[][..], &["venture.created"], &["venture.*"]] {
            let refused = settings("https://example.com/", Some(bad)).checked(&KNOWN).unwrap_err();
            assert_eq!(refused.field, ["eventTypes"], "{bad:?}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let before = Settings {
            description: Some("Billing".to_owned()),
            ..settings("https://a.com/", Some(&["stage.late.v1"]))
        };
        let url = Change { url: Some("https://b.com/".to_owned()), ..Change::default() };
        let after = before.changed(&url, &KNOWN).unwrap();
        assert_eq!(after, Settings { url: "https://b.com/".to_owned(), ..before.clone() });
        let wider = Change { event_types: Some(None), description: Some(None), ..Change::default() };
        let after = before.changed(&wider, &KNOWN).unwrap();
        assert_eq!((after.event_types, after.description), (None, None));
    }

    #[test]
    fn it_is_given_up_once_it_has_failed_for_long_and_not_before() {
        let start = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
        let days = TimeDelta::days;
        let mut endpoint = Endpoint {
            id: Id::new(Uuid::from_u128(1)),
            portfolio_id: Id::new(Uuid::from_u128(2)),
            settings: settings("https://example.com/", None),
            state: State::Enabled { failing_since: None },
            created_by: Id::new(Uuid::from_u128(3)),
            created_at: start,
            updated_at: start,
            version: 1,
        };
        assert!(!endpoint.succeeded(), "nothing to forget");
        assert!(!endpoint.failed(start));
        assert!(!endpoint.failed(start + days(4)));
        assert!(endpoint.succeeded());
        assert!(!endpoint.failed(start + days(6)), "counted anew");
        assert!(!endpoint.failed(start + days(11) - TimeDelta::seconds(1)));
        assert!(endpoint.failed(start + days(11)));
        endpoint.disable(DisabledReason::Failing, start + days(11)).unwrap();
        assert!(!endpoint.failed(start + days(20)), "it is disabled already");
        assert_eq!(
            endpoint.disable(DisabledReason::Requested, start).unwrap_err().code,
            Code::WebhookEndpointDisabled
        );
        endpoint.enable().unwrap();
        assert_eq!(endpoint.state, State::Enabled { failing_since: None });
        assert_eq!(endpoint.enable().unwrap_err().code, Code::WebhookEndpointEnabled);
    }
}
