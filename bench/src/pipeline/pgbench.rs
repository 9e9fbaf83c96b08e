//! The limit on PostgreSQL: `pipeline.sql` under pgbench.

use std::{
    io::{Write, stderr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::process::Command;

use super::{RELAY_BATCH, VENTURES};
use crate::deployment::{open, plant_ventures};

/// Runs of the script per second; none where there is no pgbench.
pub(super) async fn limit(database_url: &str, time: Duration) -> anyhow::Result<Option<f64>> {
    let Some(program) = program() else {
        writeln!(stderr(), "pgbench is not there: the pipeline goes without its limit")?;
        return Ok(None);
    };
    let db = open(database_url).await?;
    let known = plant_ventures(&db, VENTURES).await?;
    db.close().await?;
    let variables = [
        format!("portfolio={}", known.portfolio),
        format!("person={}", known.person),
        format!("token={}", known.token_hash),
        format!("ventures={VENTURES}"),
        format!("batch={RELAY_BATCH}"),
        "n=0".to_owned(),
    ];
    let seconds = time.as_secs().max(1).to_string();
    let output = Command::new(program)
        .args(["-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", &seconds])
        .args(variables.iter().flat_map(|variable| ["-D", variable]))
        .args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/pipeline.sql"), database_url])
        .output()
        .await?;
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success() && !errors.contains("aborted"), "pgbench failed: {errors}");
    Ok(Some(rate(&out).with_context(|| format!("no rate in {out}"))?))
}

/// The rate in pgbench's summary.
fn rate(summary: &str) -> Option<f64> {
    let line = summary.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

/// On the path, or where Debian keeps the programs of each version.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path)
        .chain(packaged)
        .map(|folder| folder.join("pgbench"))
        .find(|program| Path::is_file(program))
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_found_in_the_summary() {
        let summary =
            "number of failed transactions: 0 (0.000%)\ntps = 812.402117 (without initial connection time)\n";
        assert_eq!(rate(summary), Some(812.402_117));
        assert_eq!(rate("pgbench: error"), None);
    }
}
