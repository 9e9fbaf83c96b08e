//! What the gateway can be told.

use std::time::Duration;

/// Which defaults the gateway takes.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// With the explorer, introspection and suggestions.
    Development,
    /// Without them.
    Production,
}

/// What the gateway can be told.
#[derive(clap::Args, Clone, Debug)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// Explorer, introspection and suggestions (development), or none of them (production)
    #[arg(long, env = "VENTURI_PROFILE", value_enum, default_value_t = Profile::Development)]
    pub profile: Profile,

    /// How long a request may take, in seconds, 1 to 600
    #[arg(long, env = "VENTURI_REQUEST_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_timeout_s: u64,

    /// The largest body of a GraphQL request, in bytes
    #[arg(long, env = "VENTURI_MAX_BODY_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_body_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { profile: Profile::Development, request_timeout_s: 30, max_body_bytes: 1_048_576 }
    }
}

impl Settings {
    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_s)
    }
}
