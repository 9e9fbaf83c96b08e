//! What Venturi does: commands (one transaction each), queries, stores, the outbox and inbox tables.
//!
//! A rule lives in `domain`; how a message travels in `bus` and `delivery`; how it is asked for in
//! `api`. Nothing here knows a transport or a protocol.

pub mod actor;
pub mod clock;
pub mod command;
pub mod context;
pub mod database;
pub mod error;
pub mod event;
pub mod global_id;
pub mod hints;
pub mod issuer;
pub mod list;
pub mod messages;
pub mod page;
pub mod query;
pub mod record;
mod root;
pub mod secret;
pub mod seed;
mod store;
pub mod target;
pub mod trace;

// Features, each a folder of its own.
pub mod dead_letter;
pub mod evidence;
pub mod gate_run;
pub mod job;
pub mod maintenance;
pub mod member;
pub mod metric_sample;
pub mod person;
pub mod playbook;
pub mod portfolio;
pub mod stage_run;
pub mod token;
pub mod venture;
pub mod waiting;
pub mod webhook_endpoint;
pub mod webhook_source;

/// Every command by its name.
pub mod commands {
    pub use crate::{
        command::ByOperator, dead_letter::commands::*, evidence::commands::*, gate_run::commands::*,
        job::commands::*, maintenance::commands::*, member::commands::*, metric_sample::commands::*,
        person::commands::*, portfolio::commands::*, stage_run::commands::*, token::commands::*,
        venture::commands::*, webhook_endpoint::commands::*, webhook_source::commands::*,
    };
}

use std::sync::Arc;

pub use actor::{Actor, Scope};
pub use command::{Command, Request, Right};
pub use context::Context;
pub use database::Database;
pub use error::Error;
pub use target::Target;

use domain::{
    id::{Id, kind},
    playbook::Playbook,
};

use clock::{Clock, Ids, SystemClock, SystemIds};
use hints::Hints;
use issuer::Issuer;
use playbook::Playbooks;
use secret::Keyring;
use token::usage::Usage;

/// What the commands of each feature declare.
fn features() -> [&'static [command::Declared]; 14] {
    [
        portfolio::COMMANDS,
        member::COMMANDS,
        person::COMMANDS,
        token::COMMANDS,
        venture::COMMANDS,
        stage_run::COMMANDS,
        gate_run::COMMANDS,
        evidence::COMMANDS,
        job::COMMANDS,
        metric_sample::COMMANDS,
        dead_letter::COMMANDS,
        webhook_endpoint::COMMANDS,
        webhook_source::COMMANDS,
        maintenance::COMMANDS,
    ]
}

/// The application: a database, a clock, a source of ids, and whom to tell of commits. Cloned for every request,
/// so all of it is shared.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    database: Database,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    playbooks: Playbooks,
    hints: Hints,
    issuer: Option<Arc<dyn Issuer>>,
    keyring: Keyring,
    usage: Usage,
}

impl App {
    /// An application on the machine's clock.
    pub fn new(database: Database) -> Self {
        Self::with(database, Arc::new(SystemClock), Arc::new(SystemIds))
    }

    /// An application on the given clock and source of ids.
    pub fn with(database: Database, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self(Arc::new(Parts {
            database,
            clock,
            ids,
            playbooks: Playbooks::default(),
            hints: Hints::default(),
            issuer: None,
            keyring: Keyring::default(),
            usage: Usage::default(),
        }))
    }

    /// The same, taking the tokens of an OIDC issuer beside its own.
    #[must_use]
    pub fn with_issuer(self, issuer: Option<Arc<dyn Issuer>>) -> Self {
        Self(Arc::new(Parts { issuer, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, keeping secrets by these keys.
    #[must_use]
    pub fn with_keyring(self, keyring: Keyring) -> Self {
        Self(Arc::new(Parts { keyring, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// A playbook by id.
    pub async fn playbook(&self, id: Id<kind::Playbook>) -> Result<Arc<Playbook>, Error> {
        self.0.playbooks.get(self.0.database.read(), id).await
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The source of ids.
    pub fn ids(&self) -> &dyn Ids {
        &*self.0.ids
    }

    /// Playbooks by id, parsed once.
    pub fn playbooks(&self) -> &Playbooks {
        &self.0.playbooks
    }

    /// The OIDC issuer whose tokens are taken.
    pub fn issuer(&self) -> Option<&dyn Issuer> {
        self.0.issuer.as_deref()
    }

    /// The keys that secrets are kept by.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.0.usage
    }

    /// What commits call for: a relay, a sweep, a subscriber.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }
}
