//! Real servers for the tests: those the environment names, or private ones in a temporary folder.
//! Starts, kills and removes only what it started itself; a server the user runs is never touched.

mod container;
mod host;
mod install;
mod ports;
mod postgres;
mod process;
mod programs;
mod rabbit;

pub use ports::{free_port, free_ports};
pub use postgres::{Durability, PrivatePostgres};
pub use rabbit::PrivateRabbit;

use install::Package;

/// Names the PostgreSQL to test against: a URL whose user may create databases.
pub const DATABASE_URL: &str = "TEST_DATABASE_URL";
/// Names the RabbitMQ to test against.
pub const AMQP_URL: &str = "TEST_AMQP_URL";

/// Says how long the kill run harms the system, in seconds; 60 where nothing is said.
pub const KILL_RUN_SECONDS: &str = "TEST_KILL_RUN_SECONDS";
/// Says in which order the kill run harms the system: the number that an earlier run printed.
pub const KILL_RUN_SEED: &str = "TEST_KILL_RUN_SEED";

/// One PostgreSQL and one RabbitMQ for a whole test run. The private ones stop when this is dropped.
pub struct Servers {
    database: Server<PrivatePostgres>,
    broker: Server<PrivateRabbit>,
}

enum Server<P> {
    /// The user's, at this URL.
    Given(String),
    Private(P),
}

impl Servers {
    /// Decides for each server by itself: the one the environment names; else a private one from
    /// the programs that are there; else from Debian's packages, installed now, if we are root; else
    /// in a container. Both start at the same time.
    ///
    /// # Errors
    /// When a server cannot be had in any of these ways (it says exactly what to install), or does
    /// not start.
    pub async fn provide() -> anyhow::Result<Self> {
        let (database_url, amqp_url) = (named_by(DATABASE_URL), named_by(AMQP_URL));
        let mut wanted = Vec::new();
        wanted.extend(database_url.is_none().then_some(Package::Postgres));
        wanted.extend(amqp_url.is_none().then_some(Package::Rabbit));
        install::ensure_available(&wanted)?;
        let database = async {
            anyhow::Ok(match database_url {
                Some(url) => Server::Given(url),
                None => Server::Private(PrivatePostgres::start(Durability::Fast).await?),
            })
        };
        let broker = async {
            anyhow::Ok(match amqp_url {
                Some(url) => Server::Given(url),
                None => Server::Private(PrivateRabbit::start().await?),
            })
        };
        let (database, broker) = tokio::try_join!(database, broker)?;
        Ok(Self { database, broker })
    }

    /// What [`DATABASE_URL`] is to be for the tests.
    #[must_use]
    pub fn database_url(&self) -> String {
        match &self.database {
            Server::Given(url) => url.clone(),
            Server::Private(server) => server.url(),
        }
    }

    /// What [`AMQP_URL`] is to be for the tests.
    #[must_use]
    pub fn amqp_url(&self) -> String {
        match &self.broker {
            Server::Given(url) => url.clone(),
            Server::Private(server) => server.url(),
        }
    }

    /// One line for people: where each server comes from.
    #[must_use]
    pub fn describe(&self) -> String {
        let database = match &self.database {
            Server::Given(_) => format!("the one {DATABASE_URL} names"),
            Server::Private(server) => server.describe(),
        };
        let broker = match &self.broker {
            Server::Given(_) => format!("the one {AMQP_URL} names"),
            Server::Private(server) => server.describe(),
        };
        format!("PostgreSQL: {database}; RabbitMQ: {broker}")
    }
}

/// Empty counts as unset, as in most shells' idiom.
#[expect(clippy::disallowed_methods, reason = "the test run's only configuration is these two variables")]
fn named_by(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Durability, PrivatePostgres, PrivateRabbit};
    use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
    use std::net::TcpStream;
    use std::time::Duration;

    async fn count(connection: &DatabaseConnection) -> i64 {
        let statement = Statement::from_string(
            connection.get_database_backend(),
            "SELECT count(*) AS kept FROM survivors",
        );
        connection.query_one_raw(statement).await.unwrap().unwrap().try_get("", "kept").unwrap()
    }

    #[tokio::test]
    async fn a_killed_postgres_comes_back_with_what_was_committed() {
        let mut server = PrivatePostgres::start(Durability::Crashsafe).await.unwrap();
        let url = server.url();
        let mut impatient = ConnectOptions::new(&url);
        impatient.max_connections(1).acquire_timeout(Duration::from_secs(2));
        let connection = Database::connect(impatient).await.unwrap();
        connection
            .execute_unprepared("CREATE TABLE survivors AS SELECT generate_series(1, 7)")
            .await
            .unwrap();

        server.kill().unwrap();
        assert!(connection.ping().await.is_err(), "the backends died with the server");

        server.start_again().await.unwrap();
        assert_eq!(server.url(), url);
        assert_eq!(count(&Database::connect(&url).await.unwrap()).await, 7);
    }

    #[tokio::test]
    async fn a_killed_rabbit_comes_back_on_its_port() {
        let mut server = PrivateRabbit::start().await.unwrap();
        let url = server.url();
        let port = url::Url::parse(&url).unwrap().port().unwrap();

        server.kill().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens while it is dead");

        server.start_again().await.unwrap();
        assert_eq!(server.url(), url);
        drop(server);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "dropped is stopped");
    }
}
