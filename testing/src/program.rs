//! The binaries as processes, as an operator starts them: by path, with an environment, killed by pid.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::world::{PATIENCE, until};

/// A binary of the workspace, where the tests themselves were built.
pub fn path(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the test's own path");
    let folder = own.parent().and_then(Path::parent).expect("the build's folder");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is not built: run `cargo verify`, or `cargo build --workspace` first",
        path.display()
    );
    path
}

/// What a process is started with.
pub type Environment = BTreeMap<String, String>;

/// A running process; it is killed when this value goes.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// What it printed until it was ready.
    pub printed: Vec<String>,
}

fn command(name: &str, arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(path(name));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // Nothing but what is given: the caller's own settings stay out of it.
    command.env_clear().envs(environment);
    command
}

impl Program {
    /// Starts a binary that says where it listens, and waits until it does.
    pub async fn listening(name: &str, environment: &Environment) -> Self {
        let mut child = command(name, &[], environment).stdout(Stdio::piped()).spawn().expect("a process");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut printed = Vec::new();
        let read = async {
            while let Some(line) = lines.next_line().await.expect("a line") {
                let ready = line.starts_with("listening on ");
                printed.push(line);
                if ready {
                    return true;
                }
            }
            false
        };
        let ready = tokio::time::timeout(PATIENCE, read).await;
        assert!(matches!(ready, Ok(true)), "{name} did not listen: {printed:?}");
        // What follows at once belongs to it: the tokens of a fresh demo.
        while let Ok(Ok(Some(line))) =
            tokio::time::timeout(Duration::from_millis(200), lines.next_line()).await
        {
            printed.push(line);
        }
        Self { child, printed }
    }

    /// Starts a binary that says nothing.
    pub fn silent(name: &str, environment: &Environment) -> Self {
        let child = command(name, &[], environment).stdout(Stdio::null()).spawn().expect("a process");
        Self { child, printed: Vec::new() }
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("killed");
    }

    /// Tells it to end, as an orchestrator does, and gives its exit code.
    pub async fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().expect("a running process").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill");
        assert!(told.success());
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .expect("ended in time")
            .expect("a status")
            .code()
    }
}

/// Runs a binary to its end; gives its exit code and what it printed.
pub async fn run(name: &str, arguments: &[&str], environment: &Environment) -> (Option<i32>, String) {
    let running = command(name, arguments, environment).stdout(Stdio::piped()).output();
    let output = tokio::time::timeout(PATIENCE, running).await.expect("ended in time").expect("a process");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Waits until a health page answers 200.
pub async fn ready(address: &str) {
    let url = format!("http://{address}/health/ready");
    let answered =
        until(|| async { reqwest::get(&url).await.is_ok_and(|response| response.status().is_success()) });
    assert!(answered.await, "{url} did not become ready");
}
