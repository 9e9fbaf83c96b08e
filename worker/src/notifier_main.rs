//! Binary `notifier`.

use std::process::ExitCode;

use outbound::{Client, Settings};
use worker::notifier;

fn main() -> ExitCode {
    worker::run(|outbound: &Settings| Ok(notifier::worker(Client::new(outbound)?)?))
}
