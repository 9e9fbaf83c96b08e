//! A node of the kill run: a process with every worker in it, on a fast clock. The binary `node` is one; it ends when
//! whoever started it does.

use std::{io::Read, process::Stdio, sync::Arc, time::Duration};

use app::{App, Database, clock::SystemIds, database, secret::Keyring};
use bus::{AmqpOptions, Bus};
use delivery::Settings;
use tokio::{
    process::{Child, Command},
    sync::oneshot,
};

use crate::{clock::FastClock, program, world};

/// What nodes share.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The database.
    pub database_url: String,
    /// The broker.
    pub amqp_url: String,
    /// The key of what is sealed.
    pub key: String,
    /// The clock.
    pub clock: FastClock,
}

/// The variables by which a node is told of its cluster.
const VARIABLES: [&str; 4] = ["NODE_DATABASE_URL", "NODE_AMQP_URL", "NODE_KEY", "NODE_CLOCK_BEGAN"];

impl Cluster {
    /// The cluster that the environment names.
    #[expect(clippy::disallowed_methods, reason = "the node of a test has no other configuration")]
    pub fn from_env() -> Self {
        let [database_url, amqp_url, key, began] =
            VARIABLES.map(|name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set")));
        Self { database_url, amqp_url, key, clock: FastClock::since(&began) }
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        let [database_url, amqp_url, key, began] = VARIABLES;
        [
            (database_url, self.database_url.clone()),
            (amqp_url, self.amqp_url.clone()),
            (key, self.key.clone()),
            (began, self.clock.began()),
        ]
    }

    /// An application of the cluster; waits for the database.
    pub async fn app(&self) -> App {
        let settings =
            database::Settings { max_connections: 10, ..database::Settings::new(&self.database_url) };
        let database = loop {
            match Database::connect(&settings).await {
                Ok(database) => break database,
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        let app = App::with(database, Arc::new(self.clock), Arc::new(SystemIds));
        app.with_keyring(Keyring::parse([self.key.as_str()]).expect("a key"))
    }

    /// Works until standard input ends.
    pub async fn work(self) {
        let bus = Bus::amqp(AmqpOptions::new(&self.amqp_url), delivery::topology("kill-run"));
        let settings = Settings { poll: Duration::from_millis(200), ..Settings::default() };
        let node = delivery::Node::new(self.app().await, bus).with_settings(settings);
        let _running = node.with_workers(world::workers()).start();
        let (ended, end) = oneshot::channel();
        std::thread::spawn(move || {
            // Nothing is ever written to it.
            drop(std::io::stdin().read_to_end(&mut Vec::new()));
            drop(ended);
        });
        drop(end.await as Result<(), _>);
    }

    /// Starts a process that works.
    pub fn start(&self) -> NodeProcess {
        let mut command = Command::new(program::path("node"));
        command.env_clear().envs(self.environment()).stdin(Stdio::piped()).stdout(Stdio::null());
        NodeProcess(command.kill_on_drop(true).spawn().expect("a process"))
    }
}

/// A node as a process; it ends with this value.
#[derive(Debug)]
pub struct NodeProcess(Child);

impl NodeProcess {
    /// Kills it, as `kill -9` does.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("killed");
    }

    /// Stops it where it is, with all its locks and leases, and lets it go on after a while.
    pub async fn stop_for(&self, time: Duration) {
        self.signal("STOP").await;
        tokio::time::sleep(time).await;
        self.signal("CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let pid = self.0.id().expect("a running process").to_string();
        let told = Command::new("kill").args(["-s", signal, &pid]).status().await.expect("kill");
        assert!(told.success(), "{signal}");
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("its status").is_some()
    }
}
