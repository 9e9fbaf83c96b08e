//! A server as a container, for machines that have a container engine but not the server's programs.

use super::host::tail;
use super::programs;
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A container with one published port, removed with its data when dropped.
pub(super) struct Container {
    engine: PathBuf,
    id: String,
}

/// The `docker` program, if there is one and its engine answers.
pub(super) fn engine() -> Option<PathBuf> {
    let docker = programs::on_path("docker")?;
    let answer = Command::new(&docker).arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
    answer.is_ok_and(|status| status.success()).then_some(docker)
}

impl Container {
    /// Starts `image` with `inner_port` published as `port` on 127.0.0.1. `options` go before the
    /// image's name, `command` behind it.
    pub(super) fn start(
        engine: PathBuf,
        image: &str,
        (port, inner_port): (u16, u16),
        options: &[&str],
        command: &[&str],
    ) -> anyhow::Result<Self> {
        let publish = format!("127.0.0.1:{port}:{inner_port}");
        let mut run = Command::new(&engine);
        run.args(["run", "--detach", "--label", "venturi.test", "--publish", &publish]);
        let output = succeed(run.args(options).arg(image).args(command))?;
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self { engine, id })
    }

    pub(super) fn kill(&self) -> anyhow::Result<()> {
        self.act(&["kill", "--signal", "KILL"])
    }

    pub(super) fn start_again(&self) -> anyhow::Result<()> {
        self.act(&["restart", "-t", "0"])
    }

    /// Whether it ended by itself.
    pub(super) fn exited(&self) -> bool {
        let mut inspect = Command::new(&self.engine);
        let state = succeed(inspect.args(["inspect", "--format", "{{.State.Running}}", &self.id]));
        !state.is_ok_and(|output| output.stdout.starts_with(b"true"))
    }

    /// The last lines it wrote.
    pub(super) fn log_tail(&self) -> String {
        let logs = Command::new(&self.engine).args(["logs", &self.id]).output();
        logs.map(|output| tail(&[output.stdout, output.stderr].concat())).unwrap_or_default()
    }

    fn act(&self, arguments: &[&str]) -> anyhow::Result<()> {
        succeed(Command::new(&self.engine).args(arguments).arg(&self.id)).map(drop)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Nobody is left to tell when the engine went away meanwhile.
        let _ = self.act(&["rm", "--force", "--volumes"]);
    }
}

fn succeed(command: &mut Command) -> anyhow::Result<Output> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", tail(&output.stderr));
    Ok(output)
}
