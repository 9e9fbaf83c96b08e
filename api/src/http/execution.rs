//! A request under way: how long it may take, and what becomes of it when nobody waits any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::{Request, Response as Answer};
use futures_util::{FutureExt, Stream, StreamExt, stream::BoxStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::answer;
use crate::{Schema, Session, meter::Receipt};

/// An execution, which gives its answers. Dropped before its end it begins nothing new, but what it is in the
/// middle of is waited for: a connection left in the middle of a statement that then fails is not always given
/// back to its pool (sqlx 0.9 waits for the server to close it, which over TLS it does not).
pub(super) struct Execution {
    running: Option<BoxStream<'static, Answer>>,
    session: Session,
    receipt: Receipt,
    /// The most that a statement can take.
    longest: Duration,
}

impl Execution {
    /// Begins an operation of any kind: a subscription gives many answers. No statement takes longer than
    /// `longest`.
    pub(super) fn of(schema: &Schema, session: Session, request: Request, longest: Duration) -> Self {
        let receipt = Receipt::default();
        let running = schema.execute_stream(request.data(session.clone()).data(receipt.clone()));
        Self { running: Some(running), session, receipt, longest }
    }

    /// What its caller is told once its time is over, with what it was charged.
    pub(super) fn cut_short(&self) -> Answer {
        let mut cut_short = answer::cut_short();
        self.receipt.attach(&mut cut_short);
        cut_short
    }
}

/// Executes a request of one answer until a deadline. No statement takes longer than `longest`.
pub(super) async fn execute(
    schema: &Schema,
    session: Session,
    request: Request,
    deadline: Instant,
    longest: Duration,
) -> Answer {
    let receipt = Receipt::default();
    let (schema, request) = (schema.clone(), request.data(session.clone()).data(receipt.clone()));
    let running = async move { schema.execute(request).await }.into_stream().boxed();
    let mut execution = Execution { running: Some(running), session, receipt, longest };
    match timeout_at(deadline, execution.next()).await {
        Ok(Some(answer)) => {
            // It was the only one. The session is not over: others of a batch may share it.
            execution.running = None;
            answer
        }
        _ => execution.cut_short(),
    }
}

impl Stream for Execution {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Answer>> {
        let Some(running) = &mut self.running else { return Poll::Ready(None) };
        let polled = running.as_mut().poll_next(context);
        if matches!(polled, Poll::Ready(None)) {
            self.running = None;
        }
        polled
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            self.session.end();
            let longest = self.longest;
            runtime.spawn(async move { drop(timeout(longest, running.next()).await) });
        }
    }
}
