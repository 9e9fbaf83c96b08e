//! From `main` into the asynchronous world and out again with an exit code.

use std::{fmt::Display, process::ExitCode};

use mimalloc::MiMalloc;

/// Every binary allocates by it: a query makes thousands of small values on several threads, which took a
/// third of its processor time with the C library's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs a binary to its end on a runtime of its own. What it fails with goes to standard error.
pub fn run<E: Display>(main: impl Future<Output = Result<(), E>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(main) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the reason for a non-zero exit goes to standard error")]
fn failed(error: &impl Display) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
