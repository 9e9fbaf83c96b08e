//! How soon `venturi` listens, and what it holds in memory when nothing happens.

use std::{path::Path, time::Duration};

use anyhow::Context;
use testing::servers::free_port;

use crate::{
    Plan,
    program::{Binaries, Environment, Program},
    report::{Aim, Figure, Unit, percentile},
};

const STARTS: u32 = 5;
const IDLE: Duration = Duration::from_secs(5);

/// Start on an empty folder, start on an existing database, and memory at rest.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let (mut first, mut again, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..STARTS {
        let folder = tempfile::tempdir()?;
        let (time, process) = start(&plan.binaries, folder.path()).await?;
        first.push(time);
        process.terminate().await?;
        let (time, process) = start(&plan.binaries, folder.path()).await?;
        again.push(time);
        if round == 0 {
            tokio::time::sleep(plan.time(IDLE)).await;
            resident.push(resident_megabytes(&process)?);
        }
        process.terminate().await?;
    }
    let figure = |name: &str, unit, samples: &[f64], most| Figure {
        name: name.to_owned(),
        value: percentile(samples, 0.5),
        unit,
        limit: None,
        aim: Some(Aim::Below(most)),
    };
    Ok(vec![
        figure("start of venturi on an empty folder, p50", Unit::Milliseconds, &first, 1_000.0),
        figure("start of venturi on an existing database, p50", Unit::Milliseconds, &again, 1_000.0),
        figure("resident set of venturi at rest", Unit::Megabytes, &resident, 80.0),
    ])
}

/// Starts it in a folder; gives the milliseconds until it says that it listens.
async fn start(binaries: &Binaries, folder: &Path) -> anyhow::Result<(f64, Program)> {
    let environment = Environment::from([
        ("VENTURI_LISTEN", format!("127.0.0.1:{}", free_port()?)),
        ("VENTURI_DATABASE_URL", format!("sqlite://{}", folder.join("venturi.sqlite").display())),
        ("VENTURI_LOG", "error".to_owned()),
    ]);
    let (process, time) = Program::listening(binaries.command("venturi", &environment)?).await?;
    Ok((time.as_secs_f64() * 1_000.0, process))
}

/// The resident set of a process.
pub(crate) fn resident_megabytes(process: &Program) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()?))?;
    resident(&status).context("no VmRSS in its status")
}

/// `VmRSS`, which the kernel gives in units of 1,024 bytes.
fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1_024.0 / 1_000_000.0)
}

#[cfg(test)]
mod tests {
    use super::resident;

    #[test]
    fn the_resident_set_is_read_in_megabytes() {
        let status = "Name:\tventuri\nVmHWM:\t   99999 kB\nVmRSS:\t   62500 kB\n";
        assert_eq!(resident(status), Some(64.0));
        assert_eq!(resident("Name:\tventuri\n"), None);
    }
}
