//! The binaries beside this one, as processes with nothing in their environment but what is given.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a process is started with.
pub(crate) type Environment = BTreeMap<&'static str, String>;

/// A running process; killed with this value.
pub(crate) struct Program(Child);

fn path(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.parent().unwrap_or(Path::new(".")).join(name);
    let shown = path.display();
    ensure!(path.exists(), "{shown} is not built: run `cargo build --release --workspace --bins` first");
    Ok(path)
}

fn command(name: &str, environment: &Environment) -> anyhow::Result<Command> {
    let mut command = Command::new(path(name)?);
    command.env_clear().envs(environment).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

impl Program {
    /// Starts a binary that says where it listens; gives how long it took until it did.
    pub(crate) async fn listening(name: &str, environment: &Environment) -> anyhow::Result<(Self, Duration)> {
        let mut command = command(name, environment)?;
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let said = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("listening on ") {
                    return Ok(began.elapsed());
                }
            }
            anyhow::bail!("{name} ended before it listened")
        };
        let time = tokio::time::timeout(PATIENCE, said).await??;
        // It may print more, and a closed pipe would be an error to it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((Self(child), time))
    }

    /// Starts a binary that says nothing.
    pub(crate) fn silent(name: &str, environment: &Environment) -> anyhow::Result<Self> {
        Ok(Self(command(name, environment)?.stdout(Stdio::null()).spawn()?))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.0.id().context("it has ended")
    }

    /// Tells it to end, as an orchestrator does, and waits until it has.
    pub(crate) async fn terminate(mut self) -> anyhow::Result<()> {
        let id = self.id()?.to_string();
        ensure!(Command::new("kill").args(["-TERM", &id]).status().await?.success(), "no signal sent");
        let status = tokio::time::timeout(PATIENCE, self.0.wait()).await??;
        ensure!(status.success(), "{status}");
        Ok(())
    }
}

/// Runs a binary to its end; gives what it printed.
pub(crate) async fn run(name: &str, arguments: &[&str], environment: &Environment) -> anyhow::Result<String> {
    let output =
        tokio::time::timeout(PATIENCE, command(name, environment)?.args(arguments).output()).await??;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} {arguments:?}: {errors}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
