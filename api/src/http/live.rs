//! What WebSocket and event streams share: how many of them there may be, and how an operation runs whose
//! answers go out one by one. How an answer is written is each transport's own.

use std::sync::Arc;

use async_graphql::{Request, Response as Answer};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream, stream::BoxStream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{Gateway, answer, execution::Execution, graphql::record, media::Media, request::Refused};
use crate::{
    Session,
    operation::{Asked, Carrier},
};

/// When to come again where every place is taken, in seconds.
const RETRY_AFTER_S: &str = "5";

/// All connections of this process that stay open, and when they are to end.
#[derive(Clone)]
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    most: u32,
    stop: CancellationToken,
}

impl Connections {
    /// Room for `most`, which end when `stop` is cancelled.
    pub(crate) fn new(most: u32, stop: CancellationToken) -> Self {
        Self { places: Arc::new(Semaphore::new(most as usize)), most, stop }
    }

    /// Cancelled when the process stops.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// A place for one more; none when all are taken.
    pub(super) fn open(&self, transport: &'static str) -> Option<Connection> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::counter!("venturi_live_refused_total", "transport" => transport).increment(1);
            return None;
        };
        metrics::gauge!("venturi_live_connections", "transport" => transport).increment(1);
        Some(Connection { transport, _place: place })
    }

    /// Resolves when none is open.
    pub(crate) async fn ended(&self) {
        // Refused only when closed, which it never is.
        drop(self.places.acquire_many(self.most).await);
    }
}

/// What one is told who finds every place taken.
pub(super) fn full() -> Response {
    let refused = Refused {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "UNAVAILABLE",
        message: "too many connections are open; try again later",
    };
    ([(header::RETRY_AFTER, RETRY_AFTER_S)], refused.into_response(Media::Json)).into_response()
}

/// One connection's place; free again when it is dropped.
pub(super) struct Connection {
    transport: &'static str,
    _place: OwnedSemaphorePermit,
}

impl Drop for Connection {
    fn drop(&mut self) {
        metrics::gauge!("venturi_live_connections", "transport" => self.transport).decrement(1);
    }
}

/// One thing that an operation gives.
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer; more may follow.
    Next(Box<Answer>),
    /// The request was not executed, and these are its errors. Nothing follows.
    Refused(Box<Answer>),
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        let refused = !answer::executed(&answer);
        let answer = Box::new(answer);
        if refused { Self::Refused(answer) } else { Self::Next(answer) }
    }
}

/// What an operation gives: a query or mutation one answer, in the time that a request may take; a
/// subscription one for each event. Dropping it ends the operation.
pub(super) fn outcomes(
    gateway: &Gateway,
    session: Session,
    carrier: Carrier,
    request: Request,
) -> BoxStream<'static, Outcome> {
    let (asked, started, longest) = (Asked::over(carrier), Instant::now(), gateway.request_timeout);
    let answers = Execution::of(&gateway.schema, session, request.data(asked.clone()), longest);
    metrics::gauge!("venturi_live_operations").increment(1);
    let operation = Operation { answers: Some(answers), asked, started, due: started + longest };
    let next = |mut operation: Operation| async move {
        let answer = operation.next().await?;
        Some((Outcome::from(answer), operation))
    };
    stream::unfold(operation, next).boxed()
}

/// An operation under way.
struct Operation {
    answers: Option<Execution>,
    asked: Arc<Asked>,
    started: Instant,
    due: Instant,
}

impl Operation {
    async fn next(&mut self) -> Option<Answer> {
        let answers = self.answers.as_mut()?;
        let answer = match timeout_at(self.due, answers.next()).await {
            Ok(answer) => answer?,
            // Its events come when they come.
            Err(_) if self.asked.kind() == "subscription" => answers.next().await?,
            Err(_) => {
                let cut_short = answers.cut_short();
                self.answers = None;
                cut_short
            }
        };
        record(&self.asked, &answer, self.started.elapsed());
        Some(answer)
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        metrics::gauge!("venturi_live_operations").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_place_is_taken_until_its_connection_goes() {
        let connections = Connections::new(2, CancellationToken::new());
        let (first, second) = (connections.open("test").unwrap(), connections.open("test").unwrap());
        assert!(connections.clone().open("test").is_none(), "one too many");
        drop(first);
        let third = connections.open("test").unwrap();
        let mut ended = std::pin::pin!(connections.ended());
        drop(second);
        assert!(ended.as_mut().now_or_never().is_none(), "one is open");
        drop(third);
        ended.await;
    }
}
