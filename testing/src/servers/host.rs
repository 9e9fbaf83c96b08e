//! Where a private server runs, as a process or as a container, and the wait until it answers.

use super::container::Container;
use super::process::ServerProcess;
use anyhow::bail;
use std::time::Duration;

/// Starting an Erlang node on a busy machine takes its time.
const READY_WITHIN: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

pub(super) enum Host {
    Process(ServerProcess),
    Container(Container),
}

impl Host {
    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Process(process) => process.kill(),
            Self::Container(container) => container.kill(),
        }
    }

    pub(super) fn start_again(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Process(process) => process.start_again(),
            Self::Container(container) => container.start_again(),
        }
    }

    /// Returns once `answers` says yes; fails, with the server's last words, when the server ended
    /// or took too long.
    pub(super) async fn ready(
        &mut self,
        server: &str,
        answers: impl AsyncFn() -> bool,
    ) -> anyhow::Result<()> {
        let polling = async {
            while !answers().await {
                if self.exited() {
                    bail!("{server} ended instead of answering:\n{}", self.log_tail());
                }
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            Ok(())
        };
        match tokio::time::timeout(READY_WITHIN, polling).await {
            Ok(outcome) => outcome,
            Err(_) => bail!("{server} did not answer within {READY_WITHIN:?}:\n{}", self.log_tail()),
        }
    }

    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Process(_) => "a private instance",
            Self::Container(_) => "a private container",
        }
    }

    fn exited(&mut self) -> bool {
        match self {
            Self::Process(process) => process.exited(),
            Self::Container(container) => container.exited(),
        }
    }

    fn log_tail(&self) -> String {
        match self {
            Self::Process(process) => process.log_tail(),
            Self::Container(container) => container.log_tail(),
        }
    }
}

/// The last twenty lines.
pub(super) fn tail(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
}
