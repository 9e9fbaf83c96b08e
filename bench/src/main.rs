//! `bench`: measures the system against limits measured in the same run, and prints both.
//!
//! What the figures mean stands in the README. No figure may be printed that was not measured here, and
//! nothing that ships may import this crate.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement that cannot go on stops")]

mod bare;
mod deployment;
mod frozen;
mod growth;
mod latency;
mod load;
mod peer;
mod pipeline;
mod processor;
mod program;
mod queries;
mod report;
mod start;
mod subscribers;
mod validations;

use std::{
    fs::File,
    io::{Write, stderr, stdout},
    path::PathBuf,
    time::Duration,
};

use clap::{Parser, ValueEnum};

use program::Binaries;

/// Measures the system against limits measured in the same run
#[derive(Parser, Debug)]
struct Arguments {
    /// What is measured; everything when not given
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// How often: the table shows the round in the middle, and how far the rounds lie apart
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// A tenth of everything: to see that it works, not to quote
    #[arg(long)]
    quick: bool,
    /// Folder of the binaries that are measured; that of `bench` itself when not given
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
    /// Folder of an earlier commit's binaries, which `peer` measures beside them
    #[arg(long, value_name = "FOLDER")]
    baseline: Option<PathBuf>,
    /// Also write one JSON object per figure and line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Requests for gate validations until their verdicts are committed
    Pipeline,
    /// The pipeline and a page beside a Node stack, and beside the binaries of an earlier commit
    Peer,
    /// Queries of one venture and of a page of twenty
    Queries,
    /// From a mutation to the event at a subscriber
    Latency,
    /// A thousand subscriptions at a hundred events a second, and ten thousand idle sockets
    Subscribers,
    /// Time to listening, and memory at rest
    Start,
    /// Every interactive query with 1,000 ventures and with 100,000
    Growth,
}

/// What is measured, and how much is done.
#[derive(Clone, Debug)]
struct Plan {
    divisor: u32,
    binaries: Binaries,
    baseline: Option<Binaries>,
}

impl Plan {
    fn count(&self, full: u32) -> u32 {
        (full / self.divisor).max(1)
    }

    fn time(&self, full: Duration) -> Duration {
        full / self.divisor
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let plan = Plan {
        divisor: if arguments.quick { 10 } else { 1 },
        binaries: arguments.binaries.map_or_else(Binaries::own, Binaries::of)?,
        baseline: arguments.baseline.map(Binaries::of).transpose()?,
    };
    let chosen = match arguments.scenarios.as_slice() {
        [] => Scenario::value_variants(),
        some => some,
    };
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        writeln!(stderr(), "round {number} of {}", arguments.rounds)?;
        rounds.push(round(chosen, &plan).await?);
    }
    let figures = report::Rounds::of(&rounds);
    stdout().write_all(report::table(&figures, arguments.quick).as_bytes())?;
    if let Some(path) = arguments.json {
        let mut file = File::create(path)?;
        for figure in &figures {
            writeln!(file, "{}", report::json(figure))?;
        }
    }
    Ok(())
}

/// Each of these once.
async fn round(scenarios: &[Scenario], plan: &Plan) -> anyhow::Result<Vec<report::Figure>> {
    let mut figures = Vec::new();
    for scenario in scenarios {
        writeln!(stderr(), "measuring: {scenario:?}")?;
        figures.extend(match scenario {
            Scenario::Pipeline => pipeline::measure(plan).await?,
            Scenario::Peer => peer::measure(plan).await?,
            Scenario::Queries => queries::measure(plan).await?,
            Scenario::Latency => latency::measure(plan).await?,
            Scenario::Subscribers => subscribers::measure(plan).await?,
            Scenario::Start => start::measure(plan).await?,
            Scenario::Growth => growth::measure(plan).await?,
        });
    }
    Ok(figures)
}
