//! The binaries that are measured, and other programs, as processes with nothing in their environment but what is
//! given.

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
    time::timeout,
};

/// How long a program may take to start, to end, or for its one task.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a process is started with.
pub(crate) type Environment = BTreeMap<&'static str, String>;

/// A running process; killed with this value.
pub(crate) struct Program {
    child: Child,
    /// How it was started, for an error.
    command: String,
}

/// A folder of the system's binaries.
#[derive(Clone, Debug)]
pub(crate) struct Binaries(PathBuf);

impl Binaries {
    /// Those in this folder.
    pub(crate) fn of(folder: PathBuf) -> anyhow::Result<Self> {
        ensure!(folder.join("api").is_file(), "no binary `api` in {}", folder.display());
        Ok(Self(folder))
    }

    /// Those beside the running binary.
    pub(crate) fn own() -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        Ok(Self(own.parent().unwrap_or(Path::new(".")).to_owned()))
    }

    /// One of them, ready to be started.
    pub(crate) fn command(&self, name: &str, environment: &Environment) -> anyhow::Result<Command> {
        let path = self.0.join(name);
        let shown = path.display();
        ensure!(path.exists(), "{shown} is not built: run `cargo build --release --workspace --bins` first");
        Ok(command(&path, environment))
    }
}

/// A program, ready to be started.
pub(crate) fn command(path: &Path, environment: &Environment) -> Command {
    let mut command = Command::new(path);
    command.env_clear().envs(environment).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Where a program of this name is: on the path, or in one of these folders.
pub(crate) fn find(name: &str, elsewhere: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(elsewhere);
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()))
}

impl Program {
    /// Starts a program that says where it listens; gives how long it took until it did.
    pub(crate) async fn listening(mut command: Command) -> anyhow::Result<(Self, Duration)> {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let said = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("listening on ") {
                    return Ok(began.elapsed());
                }
            }
            anyhow::bail!("{} ended before it listened", shown(&command))
        };
        let time = timeout(PATIENCE, said).await;
        let time = time.with_context(|| format!("{} does not listen", shown(&command)))??;
        // It may print more, and a closed pipe would be an error to it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((Self { child, command: shown(&command) }, time))
    }

    /// Starts a program that says nothing.
    pub(crate) fn silent(mut command: Command) -> anyhow::Result<Self> {
        let child = command.stdout(Stdio::null()).spawn()?;
        Ok(Self { child, command: shown(&command) })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("it has ended")
    }

    /// Tells it to end, as an orchestrator does, and waits until it has.
    pub(crate) async fn terminate(mut self) -> anyhow::Result<()> {
        let id = self.id()?.to_string();
        ensure!(Command::new("kill").args(["-TERM", &id]).status().await?.success(), "no signal sent");
        let status = timeout(PATIENCE, self.child.wait()).await;
        let status = status.with_context(|| format!("{} does not end", self.command))??;
        ensure!(status.success(), "{}: {status}", self.command);
        Ok(())
    }
}

/// Runs a program to its end; gives what it printed.
pub(crate) async fn run(mut command: Command) -> anyhow::Result<String> {
    let output = timeout(PATIENCE, command.output()).await;
    let output = output.with_context(|| format!("{} takes too long", shown(&command)))??;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", shown(&command));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A command for people: the program and its arguments, without what it is told by its environment.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}
