//! Binary `metrics-collector`.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker::run(worker::metrics_collector::worker())
}
