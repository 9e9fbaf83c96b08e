//! What the gateway can be told.

mod live;
mod webhooks;

use std::{path::PathBuf, time::Duration};

use domain::{Refusal, member::MAX_TOKEN_DAYS};

use crate::{Limits, Origin, Throttling, oidc};

pub use live::Live;
pub use webhooks::Webhooks;

/// Which defaults the gateway takes.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// With the explorer, introspection and suggestions; plain GETs and pages of `localhost` are served.
    Development,
    /// Without them: introspection is for holders of OPERATOR or ADMIN, a GET shows that it was preflighted,
    /// and no foreign page is served but those named.
    Production,
}

/// What the gateway can be told.
#[derive(clap::Args, Clone, Debug)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// Explorer, introspection, suggestions and plain GETs (development), or none of them (production)
    #[arg(long, env = "VENTURI_PROFILE", value_enum, default_value_t = Profile::Development)]
    pub profile: Profile,

    /// How long a request, and a statement of this process in the database, may take, in seconds, 1 to 600
    #[arg(long, env = "VENTURI_REQUEST_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_timeout_s: u64,

    /// The largest GraphQL request, in bytes: an HTTP body, a batch as a whole, or a message over WebSocket
    #[arg(long, env = "VENTURI_MAX_BODY_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_body_bytes: usize,

    /// The most requests in one batch, 0 to 10; with 0 batches are refused
    #[arg(long, env = "VENTURI_MAX_BATCH", default_value_t = 0, value_name = "COUNT",
          value_parser = clap::value_parser!(u8).range(0..=10))]
    pub max_batch: u8,

    /// Origins whose pages may call the API, separated by commas: `https://app.example.com`,
    /// `http://localhost:*` or `*`; without it `localhost` in development and none in production
    #[arg(long, env = "VENTURI_CORS_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<Origin>,

    /// Manifest of persisted documents (JSON, an object of texts by id), or a folder of such
    #[arg(long, env = "VENTURI_PERSISTED_DOCUMENTS", value_name = "PATH")]
    pub persisted_documents: Option<PathBuf>,

    /// Whether every other document is refused
    #[arg(long, env = "VENTURI_PERSISTED_DOCUMENTS_ONLY", default_value_t = false,
          action = clap::ArgAction::Set, value_name = "BOOL")]
    pub persisted_documents_only: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would be shown as help")]
    pub limits: Limits,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would be shown as help")]
    pub throttling: Throttling,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would be shown as help")]
    pub live: Live,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would be shown as help")]
    pub webhooks: Webhooks,

    /// After how many days a new API token ends when its maker does not say, 1 to 3,650
    #[arg(long, env = "VENTURI_TOKEN_DAYS", default_value_t = 90, value_name = "DAYS",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TOKEN_DAYS)))]
    pub token_days: u32,

    /// The most days a new API token may be given, 1 to 3,650
    #[arg(long, env = "VENTURI_TOKEN_MAX_DAYS", default_value_t = 365, value_name = "DAYS",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TOKEN_DAYS)))]
    pub token_max_days: u32,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would be shown as help")]
    pub oidc: oidc::Settings,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would be shown as help")]
    pub outbound: outbound::Settings,
}

/// How long a new API token may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenDays {
    default: u32,
    maximum: u32,
}

impl TokenDays {
    /// The days asked for, or those by default.
    pub(crate) fn checked(self, asked: Option<u32>) -> Result<u32, Refusal> {
        let days = asked.unwrap_or(self.default);
        if (1..=self.maximum).contains(&days) {
            return Ok(days);
        }
        Err(Refusal::invalid("expiresInDays", format!("a token lasts 1 to {} days", self.maximum)))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::Development,
            request_timeout_s: 30,
            max_body_bytes: 1_048_576,
            max_batch: 0,
            cors_origins: Vec::new(),
            persisted_documents: None,
            persisted_documents_only: false,
            limits: Limits::default(),
            throttling: Throttling::default(),
            live: Live::default(),
            webhooks: Webhooks::default(),
            token_days: 90,
            token_max_days: 365,
            oidc: oidc::Settings::default(),
            outbound: outbound::Settings::default(),
        }
    }
}

impl Settings {
    /// How long a request, and a statement in the database, may take.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_s)
    }

    pub(crate) fn token_days(&self) -> TokenDays {
        // A default above the maximum is as long as it may be.
        TokenDays { default: self.token_days.min(self.token_max_days), maximum: self.token_max_days }
    }
}
