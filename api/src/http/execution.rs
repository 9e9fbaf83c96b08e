//! A request under way: how long it may take, and what becomes of it when nobody waits any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::{Request, Response as Answer};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer;
use crate::{Schema, Session, meter::Receipt};

/// An execution. Dropped before its end it begins nothing new, but what it is in the middle of is waited
/// for: a connection left in the middle of a statement that then fails is not always given back to its pool
/// (sqlx 0.9 waits for the server to close it, which over TLS it does not).
struct Execution {
    running: Option<BoxFuture<'static, Answer>>,
    session: Session,
    /// The most that a statement can take.
    longest: Duration,
}

/// Executes a request until a deadline. No statement takes longer than `longest`.
pub(super) async fn execute(
    schema: &Schema,
    session: Session,
    request: Request,
    deadline: Instant,
    longest: Duration,
) -> Answer {
    let receipt = Receipt::default();
    let (schema, request) = (schema.clone(), request.data(session.clone()).data(receipt.clone()));
    let running = Box::pin(async move { schema.execute(request).await });
    let execution = Execution { running: Some(running), session, longest };
    timeout_at(deadline, execution).await.unwrap_or_else(|_| {
        let mut cut_short = answer::cut_short();
        receipt.attach(&mut cut_short);
        cut_short
    })
}

impl Future for Execution {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let Some(running) = &mut self.running else { return Poll::Pending };
        let polled = running.as_mut().poll(context);
        if polled.is_ready() {
            self.running = None;
        }
        polled
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if let Some(running) = self.running.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            self.session.end();
            let longest = self.longest;
            runtime.spawn(async move { drop(timeout(longest, running).await) });
        }
    }
}
