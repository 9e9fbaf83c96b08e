//! The settings by which a process finds the database and the broker, the same for every binary.
//!
//! Connecting is not done here.

use super::config::{Secret, SecretUrl};

/// Where the database and the broker are.
#[derive(clap::Args, Debug, Clone)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// Database: `sqlite://FILE` for one process, `postgres://…` for one or many
    #[arg(long, env = "VENTURI_DATABASE_URL", default_value = "sqlite://venturi.sqlite", value_name = "URL")]
    pub database_url: SecretUrl,

    /// RabbitMQ: `amqp://…` or `amqps://…`; without it messages stay in the process
    #[arg(long, env = "VENTURI_AMQP_URL", value_name = "URL")]
    pub amqp_url: Option<SecretUrl>,

    /// Prefix of the exchanges and queues, for several systems on one broker
    #[arg(long, env = "VENTURI_AMQP_NAMESPACE", default_value = "venturi", value_name = "NAME")]
    pub amqp_namespace: String,

    /// The most database connections this process holds, 2 to 500
    #[arg(long, env = "VENTURI_DATABASE_CONNECTIONS", default_value_t = 20, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(2..=500))]
    pub database_connections: u32,

    /// Keys by which secrets are kept in the database, separated by commas: the base64 of 32 random bytes each
    /// (`openssl rand -base64 32`); the first seals, all of them open
    #[arg(
        long,
        env = "VENTURI_SECRET_KEYS",
        value_name = "KEYS",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub secret_keys: Vec<Secret<String>>,
}

impl Settings {
    /// The keys as they were given.
    pub fn secret_keys(&self) -> impl Iterator<Item = &str> {
        self.secret_keys.iter().map(|key| key.expose().as_str())
    }
}
