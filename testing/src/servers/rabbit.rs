//! A RabbitMQ of our own: a node with its own name, port mapper, cookie and folders, so that it never
//! meets one the machine already runs.

use super::container::{self, Container};
use super::host::Host;
use super::process::{Launch, ServerProcess};
use super::{free_port, free_ports, install, programs};
use anyhow::Context;
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::Path;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The write-ahead log of quorum queues is kept small: the default takes half a gigabyte.
const CONFIGURATION: &str = "raft.wal_max_size_bytes = 33554432\nlog.file.level = warning\n";

/// Two schedulers instead of one per core, which sleep rather than spin when they have nothing to do, because
/// others need the cores; and no cluster port open to the network.
const RUNTIME_OPTIONS: &str = "+S 2:2 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none \
                               -kernel inet_dist_use_interface {127,0,0,1}";

/// A private RabbitMQ with the user `guest` on 127.0.0.1; stopped and deleted when dropped.
pub struct PrivateRabbit {
    host: Host,
    port: u16,
    /// After `host`, which talks to it; runs on when the node is killed.
    _port_mapper: Option<ServerProcess>,
    /// After both, so that it goes last.
    _folder: Option<TempDir>,
}

impl PrivateRabbit {
    /// Starts a new, empty node and returns when it takes connections.
    ///
    /// # Errors
    /// When neither its programs nor a container engine is there (it says what to install), or when
    /// it does not start (it quotes the server's log).
    pub async fn start() -> anyhow::Result<Self> {
        let mut server = if let Some(program) = programs::rabbitmq_server() {
            Self::as_process(&program)?
        } else if let Some(engine) = container::engine() {
            let port = free_port()?;
            // A fixed host name: the node's name, and with it the data's folder, depends on it.
            let options = ["--hostname", "venturi-test"];
            let container = Container::start(engine, "rabbitmq:4", (port, 5672), &options, &[])?;
            Self { host: Host::Container(container), port, _port_mapper: None, _folder: None }
        } else {
            return Err(install::missing(&[install::Package::Rabbit]));
        };
        server.ready().await?;
        Ok(server)
    }

    /// `amqp://guest:guest@127.0.0.1:PORT/%2f`; the same after [`Self::start_again`].
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// One phrase for people: where it runs.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} on port {}", self.host.describe(), self.port)
    }

    /// A crash: SIGKILL to the node. Returns when it is gone.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.host.kill()
    }

    /// Starts it on the same data and port; returns when it takes connections.
    ///
    /// # Errors
    /// When it does not start; quotes the server's log.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        self.host.start_again()?;
        self.ready().await
    }

    fn as_process(program: &Path) -> anyhow::Result<Self> {
        let [port, cluster_port, mapper_port] = free_ports()?;
        let folder = tempfile::Builder::new().prefix("venturi-rabbitmq-").tempdir()?;
        let at = folder.path();
        for (name, content) in [
            ("rabbitmq.conf", CONFIGURATION),
            ("rabbitmq-env.conf", ""),
            ("advanced.config", "[].\n"),
            ("enabled_plugins", "[].\n"),
        ] {
            std::fs::write(at.join(name), content)?;
        }
        let environment = environment(at, port, cluster_port, mapper_port);
        // Started by us and in the foreground: the one the node would start daemonises itself.
        let epmd = programs::epmd().context("RabbitMQ is there, but not the epmd of its Erlang")?;
        let mapper_args =
            ["-port", &mapper_port.to_string(), "-address", "127.0.0.1"].map(Into::into).to_vec();
        let mapper =
            ServerProcess::start(launch(epmd.into(), mapper_args, environment.clone(), at, "epmd.log"))?;
        let node = ServerProcess::start(launch(program.into(), Vec::new(), environment, at, "rabbitmq.log"))?;
        Ok(Self { host: Host::Process(node), port, _port_mapper: Some(mapper), _folder: Some(folder) })
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let port = self.port;
        self.host.ready("RabbitMQ", async || accepts(port).await.unwrap_or(false)).await
    }
}

fn launch(
    program: OsString,
    args: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    folder: &Path,
    log: &str,
) -> Launch {
    let (folder, log) = (folder.to_owned(), folder.join(log));
    Launch { program: program.into(), args, environment, account: None, folder, log, stop_signal: "KILL" }
}

/// Every place where the node would otherwise read or write the machine's own.
fn environment(
    folder: &Path,
    port: u16,
    cluster_port: u16,
    mapper_port: u16,
) -> Vec<(&'static str, OsString)> {
    let number = |port: u16| OsString::from(port.to_string());
    let inside = |name: &str| folder.join(name).into_os_string();
    vec![
        ("HOME", folder.into()),
        ("LC_ALL", "C.UTF-8".into()),
        ("ERL_EPMD_PORT", number(mapper_port)),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_NODENAME", format!("venturi-{port}@localhost").into()),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_NODE_PORT", number(port)),
        ("RABBITMQ_DIST_PORT", number(cluster_port)),
        ("RABBITMQ_CONF_ENV_FILE", inside("rabbitmq-env.conf")),
        ("RABBITMQ_CONFIG_FILE", inside("rabbitmq.conf")),
        ("RABBITMQ_CONFIG_FILES", inside("conf.d")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", inside("advanced.config")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", inside("enabled_plugins")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", inside("generated")),
        ("RABBITMQ_SCHEMA_DIR", inside("schema")),
        ("RABBITMQ_MNESIA_BASE", inside("data")),
        ("RABBITMQ_LOG_BASE", inside("logs")),
        ("RABBITMQ_PID_FILE", inside("pid")),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", RUNTIME_OPTIONS.into()),
    ]
}

/// Whether the broker answers AMQP 0-9-1's header with `Connection.Start`, a method frame (1) on
/// channel 0 of class 10 and method 10.
async fn accepts(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
    let mut frame = [0; 11];
    stream.read_exact(&mut frame).await?;
    let [kind, channel @ .., _, _, _, _, class_high, class_low, method_high, method_low] = frame;
    Ok(kind == 1 && channel == [0, 0] && [class_high, class_low, method_high, method_low] == [0, 10, 0, 10])
}
