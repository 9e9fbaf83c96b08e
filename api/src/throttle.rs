//! Leaky buckets: what each caller asked for lately, and what each address got wrong.
//!
//! A bucket leaks at a steady rate; what a request costs is poured in, and what does not fit is refused. A
//! bucket is one number and the time it was true at, so nothing ticks, and an empty one is forgotten. Each
//! process has its own: three replicas of the gateway let through three times as much.
//!
//! `governor` was looked at and does not do this: it can neither charge what is not to be refused (a
//! subscription's events), nor say what is left without charging, nor bound the number of callers it knows.

mod bucket;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};

use uuid::Uuid;

use crate::settings::Webhooks;
use bucket::{Quota, Table};
pub(crate) use bucket::{Standing, TooMuch};

/// How much callers may ask for, and how often they may be wrong.
#[derive(clap::Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Throttling {
    /// The most that one request may cost, 100 to 1,000,000; never more than the capacity
    #[arg(long, env = "VENTURI_MAX_COST", default_value_t = Self::DEFAULT.max_cost, value_name = "COST",
          value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub max_cost: u32,

    /// What a token, or an address without one, may ask for at once in this process, 100 to 1,000,000,000
    #[arg(long, env = "VENTURI_COST_CAPACITY", default_value_t = Self::DEFAULT.cost_capacity,
          value_name = "COST", value_parser = clap::value_parser!(u32).range(100..=1_000_000_000))]
    pub cost_capacity: u32,

    /// What is restored of that each second, 1 to 1,000,000,000
    #[arg(long, env = "VENTURI_COST_RESTORE_PER_S", default_value_t = Self::DEFAULT.cost_restore_per_s,
          value_name = "COST", value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    pub cost_restore_per_s: u32,

    /// How many bad tokens, or signatures of webhooks, an address may send in a quarter of an hour before it is
    /// held off, 1 to 10,000
    #[arg(long, env = "VENTURI_MAX_BAD_TOKENS", default_value_t = Self::DEFAULT.max_bad_tokens,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_bad_tokens: u32,

    /// How many proxies in front of this process add to `X-Forwarded-For`, 0 to 10; with 0 it is not believed
    #[arg(long, env = "VENTURI_TRUSTED_PROXIES", default_value_t = Self::DEFAULT.trusted_proxies,
          value_name = "COUNT", value_parser = clap::value_parser!(u8).range(0..=10))]
    pub trusted_proxies: u8,
}

impl Throttling {
    const DEFAULT: Self = Self {
        max_cost: 5_000,
        cost_capacity: 20_000,
        cost_restore_per_s: 1_000,
        max_bad_tokens: 30,
        trusted_proxies: 0,
    };
}

impl Default for Throttling {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// In what time an address's bad tokens are forgotten.
const FORGIVEN_IN: Duration = Duration::minutes(15);

/// How many seconds' worth of events a source may send at once.
const BURST_S: u64 = 10;

/// Who is charged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// The holder of a token, by its hash.
    Token(String),
    /// Nobody, from an address.
    Address(IpAddr),
}

/// The buckets of this process.
#[derive(Clone)]
pub(crate) struct Throttle(Arc<Buckets>);

struct Buckets {
    max_cost: u32,
    restore_per_s: u32,
    tokens: Table<String>,
    // Apart, so that a crowd of addresses does not crowd out those who have tokens.
    addresses: Table<IpAddr>,
    bad_tokens: Table<IpAddr>,
    sources: Table<Uuid>,
}

impl Throttle {
    pub(crate) fn new(settings: &Throttling, webhooks: &Webhooks) -> Self {
        let cost = Quota {
            capacity: settings.cost_capacity.into(),
            restored: settings.cost_restore_per_s.into(),
            every: Duration::seconds(1),
        };
        let bad_tokens = u64::from(settings.max_bad_tokens);
        let bad_tokens = Quota { capacity: bad_tokens, restored: bad_tokens, every: FORGIVEN_IN };
        let events = u64::from(webhooks.webhooks_per_s);
        let events = Quota { capacity: events * BURST_S, restored: events, every: Duration::seconds(1) };
        Self(Arc::new(Buckets {
            max_cost: settings.max_cost.min(settings.cost_capacity),
            restore_per_s: settings.cost_restore_per_s,
            tokens: Table::new(cost),
            addresses: Table::new(cost),
            bad_tokens: Table::new(bad_tokens),
            sources: Table::new(events),
        }))
    }

    /// The most one request may cost.
    pub(crate) fn max_cost(&self) -> u32 {
        self.0.max_cost
    }

    /// What is restored each second.
    pub(crate) fn restore_per_s(&self) -> u32 {
        self.0.restore_per_s
    }

    /// Whether an account has anything left.
    pub(crate) fn may_ask(&self, account: &Account, now: DateTime<Utc>) -> Result<(), TooMuch> {
        match account {
            Account::Token(token) => self.0.tokens.fits(token, 1, now),
            Account::Address(address) => self.0.addresses.fits(&network(*address), 1, now),
        }
    }

    /// Charges an account, or nothing when it has not that much.
    pub(crate) fn take(&self, from: &Account, cost: u64, now: DateTime<Utc>) -> Result<Standing, TooMuch> {
        match from {
            Account::Token(token) => self.0.tokens.take(token, cost, now),
            Account::Address(address) => self.0.addresses.take(&network(*address), cost, now),
        }
    }

    /// Charges an account what it has, at most so much.
    pub(crate) fn charge(&self, from: &Account, cost: u64, now: DateTime<Utc>) -> Standing {
        match from {
            Account::Token(token) => self.0.tokens.charge(token, cost, now),
            Account::Address(address) => self.0.addresses.charge(&network(*address), cost, now),
        }
    }

    /// Whether a token from an address is looked at; else in what time.
    pub(crate) fn may_sign_in(&self, address: IpAddr, now: DateTime<Utc>) -> Result<(), Duration> {
        let table = &self.0.bad_tokens;
        table.fits(&network(address), 1, now).map_err(|too_much| too_much.retry_after)
    }

    /// Charges a webhook source for an event, or nothing when it sent too many.
    pub(crate) fn take_event(&self, source: Uuid, now: DateTime<Utc>) -> Result<Standing, TooMuch> {
        self.0.sources.take(&source, 1, now)
    }

    /// Counts a token, or a signature, that was no good.
    pub(crate) fn bad_token(&self, address: IpAddr, now: DateTime<Utc>) {
        self.0.bad_tokens.charge(&network(address), 1, now);
    }
}

/// What stands for an address: itself, or the network that one customer has at least of version 6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}
