//! When this process stops: one token that SIGTERM and SIGINT cancel, and a deadline for the work left over.
//!
//! Everything that runs in the background waits on that token. What is to be finished or given back on the
//! way out is not known here.

use std::future::Future;
use std::io;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The work was not over when its time was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("still busy after {} seconds", .0.as_secs_f64())]
pub struct DeadlinePassed(pub Duration);

/// A token that the first SIGTERM or SIGINT cancels; a second one ends the process at once.
///
/// # Errors
/// The signal handlers cannot be installed.
///
/// # Panics
/// Outside a Tokio runtime.
pub fn on_signal() -> io::Result<CancellationToken> {
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let numbers = stream::unfold(signals, |mut signals| async move {
        let number = next(&mut signals).await?;
        Some((number, signals))
    });
    let token = CancellationToken::new();
    tokio::spawn(watch(numbers, token.clone(), exit));
    Ok(token)
}

/// Waits for `work` to finish what it has begun, for at most `deadline`.
///
/// # Errors
/// The deadline passed; `work` was dropped where it stood.
pub async fn drain<T>(deadline: Duration, work: impl Future<Output = T>) -> Result<T, DeadlinePassed> {
    tokio::time::timeout(deadline, work).await.map_err(|_| DeadlinePassed(deadline))
}

async fn next((terminate, interrupt): &mut (Signal, Signal)) -> Option<i32> {
    tokio::select! {
        received = terminate.recv() => received.map(|()| SignalKind::terminate().as_raw_value()),
        received = interrupt.recv() => received.map(|()| SignalKind::interrupt().as_raw_value()),
    }
}

async fn watch(signals: impl Stream<Item = i32>, token: CancellationToken, exit: impl FnOnce(u8)) {
    let mut signals = std::pin::pin!(signals);
    let Some(number) = signals.next().await else { return };
    tracing::info!(signal = number, "stopping; a second signal stops at once");
    token.cancel();
    if let Some(number) = signals.next().await {
        tracing::warn!(signal = number, "stopping at once");
        // What a shell reports for a process that died of this signal.
        exit(u8::try_from(128 + number).unwrap_or(u8::MAX));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever sends a second signal will not wait for main to return"
)]
fn exit(code: u8) {
    std::process::exit(i32::from(code));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use tokio::sync::{mpsc, oneshot};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn the_first_signal_cancels_and_the_second_exits() {
        let (send, receive) = mpsc::channel(2);
        let (exited, code) = oneshot::channel();
        let token = CancellationToken::new();
        let signals = stream::unfold(receive, |mut receive: mpsc::Receiver<i32>| async move {
            receive.recv().await.map(|number| (number, receive))
        });
        let watching = tokio::spawn(watch(signals, token.clone(), move |code| exited.send(code).unwrap()));

        send.send(15).await.unwrap();
        drain(PATIENCE, token.cancelled()).await.unwrap();
        assert!(!watching.is_finished());
        send.send(2).await.unwrap();
        assert_eq!(drain(PATIENCE, code).await.unwrap(), Ok(130));
    }

    #[tokio::test]
    async fn a_real_sigterm_cancels_the_token() {
        let token = on_signal().unwrap();
        assert!(!token.is_cancelled());
        let kill = format!("kill -TERM {}", std::process::id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        drain(PATIENCE, token.cancelled()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn draining_ends_with_the_work_or_with_the_deadline() {
        let minute = Duration::from_secs(60);
        assert_eq!(drain(minute, async { 7 }).await, Ok(7));
        assert_eq!(drain(minute, std::future::pending::<()>()).await, Err(DeadlinePassed(minute)));
    }
}
