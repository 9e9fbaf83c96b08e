//! Binary `metrics-collector`.

use std::process::ExitCode;

use worker::{NoSettings, metrics_collector};

fn main() -> ExitCode {
    worker::run(|_: &NoSettings| Ok(metrics_collector::worker()))
}
