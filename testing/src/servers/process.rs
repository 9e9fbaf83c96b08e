//! A server as a process group of its own, tied to us by a lifeline. Kills only what it started.
//!
//! The server runs under a small shell that holds the reading end of a pipe. Whatever ends us, even
//! SIGKILL, closes the writing end, and the shell stops the server: nothing outlives its owner. A
//! second pipe, the other way round, is inherited by the whole family and never written to: its end
//! tells us that the last of them is gone.

use super::host::tail;
use anyhow::Context;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// `$0` is the signal that stops the server in an orderly way, the rest its command line. When the
/// server is gone, for whatever reason, so is the rest of its group.
const LIFELINE: &str = r#"
exec 3<&0 4>&1 1>&2
"$@" 3<&- &
server=$!
(read -r _ <&3; kill -s "$0" "$server") &
wait "$server"
kill -s KILL 0
"#;

/// How to start a server: everything that stays the same when it is started again.
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    /// All the server sees besides `PATH`; nothing of our own environment leaks into it.
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// The account to run as, when it must not be ours.
    pub(super) account: Option<Account>,
    /// The working folder.
    pub(super) folder: PathBuf,
    /// Where standard output and standard error go.
    pub(super) log: PathBuf,
    /// The signal that stops it, as `kill -s` spells it.
    pub(super) stop_signal: &'static str,
}

/// A user and its group.
#[derive(Clone, Copy)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// A running server, stopped when dropped.
pub(super) struct ServerProcess {
    launch: Launch,
    shell: Child,
}

impl Launch {
    /// A command with this launch's account, folder and environment.
    pub(super) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.folder).env_clear().envs(self.environment.iter().cloned());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }

    fn spawn(&self) -> anyhow::Result<Child> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        self.command("/bin/sh")
            .args(["-c", LIFELINE, self.stop_signal])
            .arg(&self.program)
            .args(&self.args)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))
    }
}

impl ServerProcess {
    pub(super) fn start(launch: Launch) -> anyhow::Result<Self> {
        let shell = launch.spawn()?;
        Ok(Self { launch, shell })
    }

    /// A crash: SIGKILL to the group and to every descendant that left it, all at once; returns
    /// when they are gone.
    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        if self.exited() {
            // Its number may be another process's by now.
            self.wait();
            return Ok(());
        }
        let group = format!("-{}", self.shell.id());
        let family = descendants(self.shell.id())?;
        // Some of them may end before their turn comes: the signal's outcome says nothing.
        Command::new("/bin/sh")
            .args(["-c", r#"kill -s KILL -- "$@""#, "kill", &group])
            .args(family.iter().map(u32::to_string))
            .stderr(Stdio::null())
            .status()?;
        self.wait();
        Ok(())
    }

    pub(super) fn start_again(&mut self) -> anyhow::Result<()> {
        self.stop();
        self.shell = self.launch.spawn()?;
        Ok(())
    }

    /// Whether it ended by itself.
    pub(super) fn exited(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    /// The last lines it wrote.
    pub(super) fn log_tail(&self) -> String {
        tail(&std::fs::read(&self.launch.log).unwrap_or_default())
    }

    fn stop(&mut self) {
        drop(self.shell.stdin.take());
        self.wait();
    }

    /// Until the whole family is gone. An error means that it is not ours to wait for any more.
    fn wait(&mut self) {
        if let Some(mut until_gone) = self.shell.stdout.take() {
            let _ = until_gone.read_to_end(&mut Vec::new());
        }
        let _ = self.shell.wait();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Children, their children, and so on. PostgreSQL's leave their group, so the group is not enough.
fn descendants(ancestor: u32) -> anyhow::Result<Vec<u32>> {
    let parents = parents()?;
    let mut family = vec![ancestor];
    let mut seen = 0;
    while let Some(&next) = family.get(seen) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == next).map(|(id, _)| *id));
        seen += 1;
    }
    Ok(family.split_off(1))
}

/// Every process and its parent: from `/proc` where there is one, since a small Linux may come
/// without `ps`.
fn parents() -> anyhow::Result<Vec<(u32, u32)>> {
    if let Ok(entries) = std::fs::read_dir("/proc") {
        let stats =
            entries.flatten().filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        return Ok(stats.filter_map(|stat| from_proc(&stat)).collect());
    }
    let listing = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().context("cannot run ps")?;
    Ok(String::from_utf8_lossy(&listing.stdout).lines().filter_map(from_ps).collect())
}

/// `4711 (name) S 1 …`; the name may hold spaces and parentheses.
fn from_proc(stat: &str) -> Option<(u32, u32)> {
    let (id, rest) = stat.split_once(' ')?;
    let parent = rest.rsplit_once(')')?.1.split_whitespace().nth(1)?;
    Some((id.parse().ok()?, parent.parse().ok()?))
}

/// `4711     1`
fn from_ps(line: &str) -> Option<(u32, u32)> {
    let (id, parent) = line.trim().split_once(' ')?;
    Some((id.parse().ok()?, parent.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{from_proc, from_ps};

    #[test]
    fn rows_of_the_process_table_are_read_whatever_the_name() {
        assert_eq!(from_proc("4711 (postgres: a) b (c)) S 12 4711 4711 0 -1"), Some((4711, 12)));
        assert_eq!(from_proc("nonsense"), None);
        assert_eq!(from_ps("  4711    12"), Some((4711, 12)));
    }
}
