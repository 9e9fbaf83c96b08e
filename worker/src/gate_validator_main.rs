//! Binary `gate-validator`.

use std::process::ExitCode;

use worker::{NoSettings, gate_validator};

fn main() -> ExitCode {
    worker::run(|_: &NoSettings| Ok(gate_validator::worker()?))
}
