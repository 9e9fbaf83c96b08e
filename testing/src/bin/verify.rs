//! `cargo verify [ARGS]`: the one test command. Provides real servers, runs every test of the
//! workspace with the runner's own output, stops the servers it started, and exits with the
//! runner's code. ARGS go to the runner.
//!
//! `cargo verify --full` lets the kill run harm the system for five minutes instead of one.
//!
//! `cargo verify --servers-only` starts the servers, prints how to name them, and waits for Ctrl-C:
//! for a day's work with `cargo test`.

use anyhow::Context;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;
use testing::servers::{AMQP_URL, DATABASE_URL, KILL_RUN_SECONDS, Servers};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the runner may take to end after a Ctrl-C, which the terminal has sent it too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks for the long run of what takes its time.
const FULL: &str = "--full";

/// How long the kill run is then, in seconds.
const FULL_SECONDS: &str = "300";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut interruption = Interruption::listen()?;
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let all = arguments.len();
    arguments.retain(|argument| argument != FULL);
    let is_full = arguments.len() < all;
    let servers = tokio::select! {
        servers = Servers::provide() => servers?,
        _ = interruption.next() => return Ok(ExitCode::FAILURE),
    };
    writeln!(std::io::stderr(), "{}", servers.describe())?;
    if arguments.iter().any(|argument| argument == "--servers-only") {
        let mut out = std::io::stdout();
        writeln!(out, "export {DATABASE_URL}='{}'", servers.database_url())?;
        writeln!(out, "export {AMQP_URL}='{}'", servers.amqp_url())?;
        interruption.next().await;
        return Ok(ExitCode::SUCCESS);
    }
    if !build_programs().await? {
        return Ok(ExitCode::FAILURE);
    }
    let mut runner = runner(&arguments).await;
    runner.env(DATABASE_URL, servers.database_url()).env(AMQP_URL, servers.amqp_url());
    if is_full {
        runner.env(KILL_RUN_SECONDS, FULL_SECONDS);
    }
    let runner = runner.spawn().context("cannot run cargo")?;
    let outcome = wait(runner, &mut interruption).await?;
    drop(servers);
    Ok(exit_code(outcome))
}

/// Builds the binaries, which some tests start as processes, and the tests with them: by themselves the binaries would
/// be built with other features, and most of the workspace twice. False: cargo has said why not.
async fn build_programs() -> anyhow::Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(["build", "--quiet", "--workspace", "--all-targets"]).status().await;
    Ok(status.context("cannot run cargo")?.success())
}

/// cargo-nextest if this cargo has it, else cargo's own.
async fn runner(arguments: &[OsString]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let silent = |mut command: Command| async move {
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await
            .is_ok_and(|status| status.success())
    };
    let mut nextest = Command::new(&cargo);
    nextest.args(["nextest", "--version"]);
    let subcommand: &[&str] = if silent(nextest).await { &["nextest", "run"] } else { &["test"] };
    let mut runner = Command::new(cargo);
    runner.args(subcommand).arg("--workspace").args(arguments);
    runner
}

/// Until the runner ends; passes on what interrupts us.
async fn wait(mut runner: Child, interruption: &mut Interruption) -> anyhow::Result<ExitStatus> {
    let reason = tokio::select! {
        outcome = runner.wait() => return Ok(outcome?),
        reason = interruption.next() => reason,
    };
    // At a terminal the runner has had the Ctrl-C as well; a second signal would be taken for impatience.
    if reason == Reason::Interrupt
        && let Ok(outcome) = tokio::time::timeout(PATIENCE, runner.wait()).await
    {
        return Ok(outcome?);
    }
    if let Some(id) = runner.id() {
        let id = id.to_string();
        Command::new("/bin/sh").args(["-c", r#"kill -s TERM "$0""#].map(OsStr::new)).arg(id).status().await?;
    }
    Ok(runner.wait().await?)
}

fn exit_code(outcome: ExitStatus) -> ExitCode {
    let code = outcome.code().or_else(|| outcome.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The ways in which a user or a system ends us early.
struct Interruption {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

#[derive(PartialEq, Eq)]
enum Reason {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or the terminal is gone.
    Terminate,
}

impl Interruption {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Reason {
        tokio::select! {
            _ = self.interrupt.recv() => Reason::Interrupt,
            _ = self.terminate.recv() => Reason::Terminate,
            _ = self.hang_up.recv() => Reason::Terminate,
        }
    }
}
