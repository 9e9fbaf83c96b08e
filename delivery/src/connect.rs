//! The way in for a binary: an application on a database and the bus beside it, opened once both settings
//! make sense together.

use std::time::Duration;

use app::{App, Database, Error, database, messages::outbox, secret::Keyring};
use bus::{AmqpOptions, Bus};
use futures_util::{FutureExt, future::BoxFuture};

use crate::topology;

/// Where the database and the broker are, and the keys of what is sealed in the database.
#[derive(Clone)]
pub struct Backend<'a> {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: &'a str,
    /// The most database connections.
    pub database_connections: u32,
    /// How long one statement may run; the default's where none is given.
    pub statement_timeout: Option<Duration>,
    /// `amqp://…`; none: messages stay in the process.
    pub amqp_url: Option<&'a str>,
    /// Prefix of exchanges and queues.
    pub namespace: &'a str,
    /// Name of the connection on the broker: the binary's.
    pub name: &'a str,
    /// The keys that secrets are kept by.
    pub keyring: Keyring,
    /// Whether anybody in this process waits for what others change.
    pub is_watched: bool,
}

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The two settings do not go together.
    #[error("{0}")]
    Mix(&'static str),
    /// The database is no database of ours, or refuses us.
    #[error("the database cannot be opened: {0}")]
    Database(Error),
}

/// Refuses a database and a broker that do not go together.
pub fn check(backend: &Backend<'_>) -> Result<(), ConnectError> {
    let sqlite = backend.database_url.starts_with("sqlite:");
    if !sqlite
        && !backend.database_url.starts_with("postgres:")
        && !backend.database_url.starts_with("postgresql:")
    {
        return Err(ConnectError::Mix("VENTURI_DATABASE_URL starts with sqlite:// or postgres://"));
    }
    if sqlite && backend.amqp_url.is_some() {
        return Err(ConnectError::Mix(
            "SQLite serves one process and RabbitMQ is for several: unset VENTURI_AMQP_URL, or set \
             VENTURI_DATABASE_URL to a PostgreSQL database",
        ));
    }
    Ok(())
}

/// Opens the database, waiting for it as long as it is away. Boxed, so that connections are compiled once, here,
/// and not again in each binary.
pub fn open_database<'a>(backend: &'a Backend<'_>) -> BoxFuture<'a, Result<App, ConnectError>> {
    opened(backend).boxed()
}

async fn opened(backend: &Backend<'_>) -> Result<App, ConnectError> {
    check(backend)?;
    let defaults = database::Settings::new(backend.database_url);
    let settings = database::Settings {
        max_connections: backend.database_connections,
        statement_timeout: backend.statement_timeout.unwrap_or(defaults.statement_timeout),
        ..defaults
    };
    let mut wait = Duration::from_millis(200);
    loop {
        match Database::connect(&settings).await.map_err(Error::from) {
            Ok(database) => return Ok(App::new(database).with_keyring(backend.keyring.clone())),
            Err(Error::Unavailable(reason)) if !backend.database_url.starts_with("sqlite:") => {
                tracing::warn!(reason, "waiting for the database");
            }
            Err(error) => return Err(ConnectError::Database(error)),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// The bus for an application.
pub async fn open_bus(backend: &Backend<'_>, app: &App) -> Result<Bus, ConnectError> {
    let topology = topology(backend.namespace);
    let Some(url) = backend.amqp_url else {
        // Without a broker this is the only process: what a dead one leased is nobody's.
        outbox::end_leases(app).await.map_err(ConnectError::Database)?;
        return Ok(Bus::in_process(topology));
    };
    let options = AmqpOptions {
        connection_name: backend.name.to_owned(),
        hears_wakes: backend.is_watched,
        ..AmqpOptions::new(url)
    };
    Ok(Bus::amqp(options, topology))
}

/// Tells whether something answers; the error says why not.
pub type Probe = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What must answer for a process to be ready, by name.
pub fn readiness(app: &App, bus: &Bus) -> [(&'static str, Probe); 2] {
    let (app, bus) = (app.clone(), bus.clone());
    let database = move || {
        let app = app.clone();
        async move { app.database().ping().await.map_err(|error| error.to_string()) }.boxed()
    };
    let broker = move || std::future::ready(bus.ready()).boxed();
    [("database", Box::new(database)), ("broker", Box::new(broker))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_mixes_start() {
        let mix = |database_url, amqp_url| {
            let backend = Backend {
                database_url,
                database_connections: 2,
                statement_timeout: None,
                amqp_url,
                namespace: "venturi",
                name: "test",
                keyring: Keyring::default(),
                is_watched: true,
            };
            check(&backend).is_ok()
        };
        assert!(mix("sqlite://venturi.sqlite", None));
        assert!(mix("postgres://localhost/venturi", None));
        assert!(mix("postgres://localhost/venturi", Some("amqp://localhost")));
        assert!(!mix("sqlite://venturi.sqlite", Some("amqp://localhost")));
        assert!(!mix("mysql://localhost/venturi", None));
    }
}
