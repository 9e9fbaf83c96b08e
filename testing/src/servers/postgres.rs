//! A PostgreSQL of our own: a new cluster in a temporary folder, on a port of its own.

use super::container::{self, Container};
use super::host::{Host, tail};
use super::process::{Account, Launch, ServerProcess};
use super::{free_port, install, programs};
use anyhow::{Context, ensure};
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a commit is worth when the server is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Commits may be lost in a crash, which makes them fast: for tests that never kill the server.
    Fast,
    /// As in production: what was committed is there after a SIGKILL.
    Crashsafe,
}

/// A private PostgreSQL that trusts everybody on 127.0.0.1; stopped and deleted when dropped.
pub struct PrivatePostgres {
    host: Host,
    port: u16,
    /// After `host`, so that it goes last.
    folder: Option<TempDir>,
}

impl PrivatePostgres {
    /// Starts a new, empty server and returns when it takes connections.
    ///
    /// # Errors
    /// When neither its programs nor a container engine is there (it says what to install), or when
    /// it does not start (it quotes the server's log).
    pub async fn start(durability: Durability) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut server = if let Some(programs) = programs::postgres() {
            Self::as_process(&programs, port, durability)?
        } else if let Some(engine) = container::engine() {
            let command = [&["postgres"][..], &settings(durability)].concat();
            let options = ["--env", "POSTGRES_HOST_AUTH_METHOD=trust"];
            let container = Container::start(engine, "postgres:17", (port, 5432), &options, &command)?;
            Self { host: Host::Container(container), port, folder: None }
        } else {
            return Err(install::missing(&[install::Package::Postgres]));
        };
        server.ready().await?;
        Ok(server)
    }

    /// `postgres://postgres@127.0.0.1:PORT/postgres`; the same after [`Self::start_again`].
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// One phrase for people: where it runs.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} on port {}", self.host.describe(), self.port)
    }

    /// A crash: SIGKILL to the server and all its backends. Returns when they are gone.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.host.kill()?;
        // Its process number may belong to somebody else by the time it starts again, which it would
        // take for itself still running.
        if let Some(folder) = &self.folder {
            std::fs::remove_file(folder.path().join("data/postmaster.pid"))?;
        }
        Ok(())
    }

    /// Starts it on the same data and port; returns when it has recovered and takes connections.
    ///
    /// # Errors
    /// When it does not start; quotes the server's log.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        self.host.start_again()?;
        self.ready().await
    }

    fn as_process(programs: &Path, port: u16, durability: Durability) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("venturi-postgres-").tempdir()?;
        let data = folder.path().join("data");
        let mut launch = Launch {
            program: programs.join("postgres"),
            args: vec!["-D".into(), data.clone().into(), "-p".into(), port.to_string().into()],
            environment: vec![("LC_ALL", "C".into()), ("HOME", folder.path().into())],
            account: unprivileged_owner(folder.path())?,
            folder: folder.path().to_owned(),
            log: folder.path().join("log"),
            // Immediate shutdown: quick, and it gives its shared memory back, unlike SIGKILL.
            stop_signal: "QUIT",
        };
        let local = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
        launch.args.extend(local.into_iter().chain(settings(durability)).map(Into::into));
        let options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        let made = launch.command(programs.join("initdb")).args(options).arg("-D").arg(&data).output()?;
        ensure!(made.status.success(), "initdb failed: {}", tail(&made.stderr));
        let host = Host::Process(ServerProcess::start(launch)?);
        Ok(Self { host, port, folder: Some(folder) })
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let port = self.port;
        self.host.ready("PostgreSQL", async || accepts(port).await.unwrap_or(false)).await
    }
}

fn settings(durability: Durability) -> Vec<&'static str> {
    // Dynamic shared memory in the data folder: /dev/shm is tiny in many containers.
    let mut settings =
        vec!["-c", "max_connections=300", "-c", "dynamic_shared_memory_type=mmap", "-c", "jit=off"];
    if durability == Durability::Fast {
        settings.extend(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
    }
    settings
}

/// PostgreSQL refuses to run as root: hands the folder to an account that may run it.
fn unprivileged_owner(folder: &Path) -> anyhow::Result<Option<Account>> {
    const ROOT: u32 = 0;
    // We have just made the folder: who owns it is who we are.
    if folder.metadata()?.uid() != ROOT {
        return Ok(None);
    }
    let number = |option: &str, user: &str| -> Option<u32> {
        let output = Command::new("id").args([option, user]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let account = ["postgres", "nobody"]
        .into_iter()
        .find_map(|user| Some(Account { user: number("-u", user)?, group: number("-g", user)? }))
        .context("PostgreSQL does not run as root, and there is neither a postgres nor a nobody account")?;
    chown(folder, Some(account.user), Some(account.group))?;
    Ok(Some(account))
}

/// Whether a session begins: the startup message is answered with a request for authentication (`R`)
/// and not with an error, such as "the database system is starting up".
async fn accepts(port: u16) -> std::io::Result<bool> {
    const PROTOCOL_3_0: u32 = 196_608;
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(parameters.len() + 8).unwrap_or_default();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(&[&length.to_be_bytes()[..], &PROTOCOL_3_0.to_be_bytes(), parameters].concat()).await?;
    let accepted = stream.read_u8().await? == b'R';
    stream.write_all(b"X\0\0\0\x04").await?;
    Ok(accepted)
}
