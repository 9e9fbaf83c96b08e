//! Binary `webhook-handler`.

use std::process::ExitCode;

use worker::{NoSettings, webhook_handler};

fn main() -> ExitCode {
    worker::run(|_: &NoSettings| Ok(webhook_handler::worker()?))
}
