//! Binary `venturi`: the whole system in one process, and the commands that operate it.
//!
//! What the system does is elsewhere; here it is put together.

mod arguments;
mod builtin;
mod keys;
mod operate;
mod start;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use process::{config, health, runtime};

fn main() -> ExitCode {
    let arguments: Arguments = config::parse();
    runtime::run(run(arguments))
}

async fn run(mut arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command.take() {
        None => start::run(&arguments).await,
        Some(Command::Migrate) => operate::migrate(&arguments).await,
        Some(Command::Seed) => operate::seed(&arguments).await,
        Some(Command::Schema) => print(&api::sdl()),
        Some(Command::Health { url }) => Ok(health::probe(&url).await?),
        Some(Command::Token(command)) => operate::token(&arguments, command).await,
        Some(Command::Member(command)) => operate::member(&arguments, command).await,
        Some(Command::Playbook(command)) => operate::playbook(&arguments, command).await,
        Some(Command::Portfolio(command)) => operate::portfolio(&arguments, command).await,
    }
}

/// Prints to standard output, which carries what was asked for and nothing else.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(out.flush()?)
}
