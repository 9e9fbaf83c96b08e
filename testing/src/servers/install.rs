//! Getting the servers' programs onto a machine that lacks them: by Debian's packages when we may,
//! else by saying exactly what to install.

use super::{container, programs};
use anyhow::{Context, ensure};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// A server as packagers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Package {
    Postgres,
    Rabbit,
}

impl Package {
    fn is_there(self) -> bool {
        match self {
            Self::Postgres => programs::postgres().is_some(),
            Self::Rabbit => programs::rabbitmq_server().is_some() && programs::epmd().is_some(),
        }
    }

    fn debian(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Rabbit => "rabbitmq-server",
        }
    }

    fn fedora(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql-server",
            Self::Rabbit => "rabbitmq-server",
        }
    }

    fn homebrew(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql@17",
            Self::Rabbit => "rabbitmq",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "TEST_DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/postgres",
            Self::Rabbit => "TEST_AMQP_URL=amqp://USER:PASSWORD@HOST:5672/%2f",
        }
    }
}

/// Makes sure that each of `wanted` can be started: installs what is missing if we are root on a
/// Debian, where the packages do not start their services; else leaves it to a container engine.
///
/// # Errors
/// When some of `wanted` can be started in no way: names all of them at once.
pub(super) fn ensure_available(wanted: &[Package]) -> anyhow::Result<()> {
    let mut lacking: Vec<Package> = wanted.iter().copied().filter(|package| !package.is_there()).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    if may_install() {
        let _quiet = NoServices::declare()?;
        let names: Vec<&str> = lacking.iter().map(|package| package.debian()).collect();
        apt_get(&["update", "--quiet"])?;
        apt_get(&[&["install", "--yes", "--quiet", "--no-install-recommends"][..], &names].concat())?;
        lacking.retain(|package| !package.is_there());
    }
    if lacking.is_empty() || container::engine().is_some() { Ok(()) } else { Err(missing(&lacking)) }
}

/// The error for a machine that has neither the programs of `packages` nor a container engine.
pub(super) fn missing(packages: &[Package]) -> anyhow::Error {
    let list =
        |name: fn(Package) -> &'static str| packages.iter().map(|&p| name(p)).collect::<Vec<_>>().join(" ");
    let variables: Vec<_> = packages.iter().map(|&package| format!("  {}", package.variable())).collect();
    anyhow::anyhow!(
        "the tests need real servers, and neither their programs nor a container engine was found.\n\
         Install them (they need not run; the tests start their own):\n  \
         Debian, Ubuntu:  sudo apt-get install {}\n  \
         Fedora:          sudo dnf install {}\n  \
         macOS:           brew install {}\n\
         or start Docker, or name servers that already run:\n{}",
        list(Package::debian),
        list(Package::fedora),
        list(Package::homebrew),
        variables.join("\n"),
    )
}

fn may_install() -> bool {
    // `/proc/self` belongs to the effective user.
    let root = Path::new("/proc/self").metadata().is_ok_and(|itself| itself.uid() == 0);
    root && Path::new("/etc/debian_version").exists() && programs::on_path("apt-get").is_some()
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Standard output is the caller's: it may be waiting for two lines to evaluate.
        .stdout(Stdio::from(std::io::stderr()))
        .stdin(Stdio::null())
        .status()
        .context("cannot run apt-get")?;
    ensure!(status.success(), "apt-get {} failed ({status})", arguments.join(" "));
    Ok(())
}

/// Debian's way to say that packages must not start their services, while this value lives. A policy
/// the machine already has is left alone.
struct NoServices {
    ours: bool,
}

impl NoServices {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn declare() -> anyhow::Result<Self> {
        match std::fs::File::options().write(true).create_new(true).mode(0o755).open(Self::POLICY) {
            Ok(mut policy) => {
                let declared = Self { ours: true };
                policy.write_all(b"#!/bin/sh\nexit 101\n")?;
                Ok(declared)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self { ours: false }),
            Err(error) => Err(error).context("cannot keep the packages from starting their services"),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            // At worst a machine's services wait for their administrator.
            let _ = std::fs::remove_file(Self::POLICY);
        }
    }
}
