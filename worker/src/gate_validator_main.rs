//! Binary `gate-validator`.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker::run(worker::gate_validator::worker())
}
