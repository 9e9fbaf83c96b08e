//! A script of one validation under pgbench: what PostgreSQL does of it alone.

use std::{
    io::{Write, stderr},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::process::Command;

use super::RELAY_BATCH;
use crate::{
    deployment::Known,
    processor::Meter,
    program,
    validations::{Measured, VENTURES},
};

/// Runs of the script, on a database with [`VENTURES`] planted ventures; none where there is no pgbench.
pub(super) async fn run(
    script: &str,
    database_url: &str,
    known: &Known,
    time: Duration,
) -> anyhow::Result<Option<Measured>> {
    let Some(program) = program::find("pgbench", packaged()) else {
        writeln!(stderr(), "pgbench is not there: the pipeline goes without its limit")?;
        return Ok(None);
    };
    let variables = [
        format!("portfolio={}", known.portfolio),
        format!("person={}", known.person),
        format!("token={}", known.token_hash),
        format!("ventures={VENTURES}"),
        format!("batch={RELAY_BATCH}"),
        "n=0".to_owned(),
    ];
    let seconds = time.as_secs().max(1).to_string();
    let meter = Meter::start();
    let output = Command::new(program)
        .args(["-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", &seconds])
        .args(variables.iter().flat_map(|variable| ["-D", variable]))
        .args(["-f", script, database_url])
        .output()
        .await?;
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success() && !errors.contains("aborted"), "pgbench failed: {errors}");
    let runs = number(&out, "number of transactions actually processed: ");
    let per_second = number(&out, "tps = ").with_context(|| format!("no rate in {out}"))?;
    Ok(Some(Measured { per_second, processor_ms: runs.and_then(|runs| meter.ms_per(runs)) }))
}

/// The number after these words in pgbench's summary.
fn number(summary: &str, words: &str) -> Option<f64> {
    let line = summary.lines().find_map(|line| line.strip_prefix(words))?;
    line.split(' ').next()?.parse().ok()
}

/// Where Debian keeps the programs of each version.
fn packaged() -> impl Iterator<Item = PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin"))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_found_in_the_summary() {
        let summary = "number of transactions actually processed: 8126\n\
                       number of failed transactions: 0 (0.000%)\n\
                       tps = 812.402117 (without initial connection time)\n";
        assert_eq!(number(summary, "tps = "), Some(812.402_117));
        assert_eq!(number(summary, "number of transactions actually processed: "), Some(8126.0));
        assert_eq!(number("pgbench: error", "tps = "), None);
    }
}
