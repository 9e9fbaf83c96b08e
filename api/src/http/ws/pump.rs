//! One socket: what comes goes through the protocol, what operations give goes out. Timers, limits and the
//! ways in which a connection ends are here; what messages mean is the protocol's, what operations do the
//! host's.
//!
//! Operations run in tasks of their own, so that one whose client does not read never stops in the middle of
//! a transaction. What they give waits in a queue of a fixed length, they wait for a place in it, and a client
//! that does not take a message in time is dropped: the memory of a connection is bounded.

use std::{collections::HashMap, error::Error, pin::pin, sync::Arc, time::Duration};

use async_graphql::Request;
use axum::extract::ws::{CloseFrame, Message};
use futures_util::{Sink, SinkExt, Stream, StreamExt, stream::BoxStream};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::{
    super::live::Outcome,
    message::{Closing, Incoming, Payload},
    protocol::{Key, Protocol, Step},
};
use crate::settings;

/// How many things that operations gave may wait to be sent.
const QUEUE: usize = 16;
/// How long the other side may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a connection needs of the gateway.
pub(super) trait Host: Send + Sync + 'static {
    /// Who holds a connection.
    type Holder: Clone + Send + Sync + 'static;

    /// Lets a client in by what it said when it began, or tells how to turn it away.
    fn admit(&self, payload: Payload) -> impl Future<Output = Result<Self::Holder, Closing>> + Send;

    /// Runs an operation, until what it gives is dropped.
    fn run(&self, holder: &Self::Holder, request: Request) -> BoxStream<'static, Outcome>;

    /// The span of an operation.
    fn span(&self) -> Span {
        Span::none()
    }
}

/// What an upgraded connection is.
pub(super) trait Socket:
    Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Send + Unpin
{
}

impl<S> Socket for S where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Send + Unpin
{
}

/// Why a conversation is over.
enum End {
    /// We close it, and wait for the other side's own close.
    Close(Closing),
    /// We close it, and what still comes cannot be read.
    Unreadable(Closing),
    /// There is nobody to tell.
    Gone(&'static str),
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<H: Host>(
    mut socket: impl Socket,
    host: H,
    settings: &settings::Live,
    stop: &CancellationToken,
) {
    let (reports, mut inbox) = mpsc::channel(QUEUE);
    let mut conversation = Conversation {
        host: Arc::new(host),
        holder: None,
        protocol: Protocol::new(settings.max_operations_per_connection as usize),
        tasks: JoinSet::new(),
        running: HashMap::new(),
        reports,
        said: Vec::new(),
    };
    let end = conversation.turns(&mut socket, &mut inbox, settings, stop).await;
    // Ends what runs before the goodbye, which may take a while.
    drop((conversation, inbox));
    match end {
        End::Close(closing) => close(socket, closing, settings).await,
        End::Unreadable(closing) => {
            say_goodbye(&mut socket, closing, settings).await;
            // Hanging up on bytes that were not read resets the connection, and what we said with it.
            sleep(GOODBYE).await;
        }
        End::Gone(why) => {
            metrics::counter!("venturi_websockets_ended_total", "how" => why).increment(1);
        }
    }
}

/// Closes a connection, and passes over what it sends until it agrees.
pub(super) async fn close(mut socket: impl Socket, closing: Closing, settings: &settings::Live) {
    say_goodbye(&mut socket, closing, settings).await;
    let agreed = async { while let Some(Ok(_)) = socket.next().await {} };
    drop(timeout(GOODBYE, agreed).await);
}

async fn say_goodbye(socket: &mut impl Socket, closing: Closing, settings: &settings::Live) {
    let Closing { code, reason } = closing;
    metrics::counter!("venturi_websockets_ended_total", "how" => code.to_string()).increment(1);
    let frame = CloseFrame { code, reason: reason.into() };
    drop(timeout(settings.write_timeout(), socket.send(Message::Close(Some(frame)))).await);
}

/// What a task tells its connection.
enum Report<H: Host> {
    Admitted(Result<H::Holder, Closing>),
    Gave(Key, String, Outcome),
    Over(Key, String),
}

/// A connection's state between two turns.
struct Conversation<H: Host> {
    host: Arc<H>,
    /// Known once it is acknowledged.
    holder: Option<H::Holder>,
    protocol: Protocol,
    /// Whatever runs for it; ends when it does.
    tasks: JoinSet<()>,
    running: HashMap<Key, AbortHandle>,
    reports: mpsc::Sender<Report<H>>,
    /// To be sent at the end of the turn.
    said: Vec<Message>,
}

impl<H: Host> Conversation<H> {
    /// Takes turns until the end: something happens, and all that is to be said of it is sent.
    async fn turns(
        &mut self,
        socket: &mut impl Socket,
        inbox: &mut mpsc::Receiver<Report<H>>,
        settings: &settings::Live,
        stop: &CancellationToken,
    ) -> End {
        let mut pulse = Pulse::new(settings);
        let mut arrived = Vec::new();
        // Made once: each of them enters a list that all connections share.
        let mut stopped = pin!(stop.cancelled());
        let mut silence = pin!(sleep_until(pulse.heard));
        loop {
            let due = pulse.due(self.protocol.waits_for_init());
            if silence.deadline() != due {
                silence.as_mut().reset(due);
            }
            let turn = tokio::select! {
                biased;
                () = &mut stopped => Err(End::Close(Closing::going_away())),
                came = socket.next() => {
                    pulse.felt();
                    self.came(came)
                }
                _ = inbox.recv_many(&mut arrived, QUEUE) => self.reported(arrived.drain(..)),
                Some(ended) = self.tasks.join_next() => match ended {
                    Err(error) if error.is_panic() => Err(End::Close(Closing::internal_error())),
                    _ => Ok(()),
                },
                () = &mut silence => self.silent(&mut pulse),
            };
            let turn = match turn {
                Ok(()) => send(socket, &mut self.said, settings).await,
                ended => ended,
            };
            if let Err(end) = turn {
                return end;
            }
        }
    }

    fn came(&mut self, came: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let step = match came {
            Some(Ok(Message::Text(text))) => self.read(text.as_bytes())?,
            // The reference reads both alike.
            Some(Ok(Message::Binary(bytes))) => self.read(&bytes)?,
            // Answered below us; after a close the stream ends by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => Step::Nothing,
            Some(Err(error)) if is_too_big(&error) => return Err(End::Unreadable(Closing::too_big())),
            Some(Err(_)) => return Err(End::Gone("broken")),
            None => return Err(End::Gone("left")),
        };
        match step {
            Step::Nothing => {}
            Step::Say(message) => self.said.push(Message::text(message.text())),
            Step::LookUp(payload) => self.look_up(payload),
            Step::Start { key, id, request } => self.start(key, id, *request),
            Step::Stop(key) => {
                if let Some(task) = self.running.remove(&key) {
                    task.abort();
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, text: &[u8]) -> Result<Step, End> {
        Incoming::read(text).and_then(|message| self.protocol.came(message)).map_err(End::Close)
    }

    fn look_up(&mut self, payload: Payload) {
        let (host, reports) = (Arc::clone(&self.host), self.reports.clone());
        self.tasks.spawn(async move {
            let admitted = host.admit(payload).await;
            // Refused when the connection is gone.
            drop(reports.send(Report::Admitted(admitted)).await);
        });
    }

    fn start(&mut self, key: Key, id: String, request: Request) {
        let Some(holder) = &self.holder else { return };
        let mut outcomes = self.host.run(holder, request);
        let reports = self.reports.clone();
        let running = async move {
            while let Some(outcome) = outcomes.next().await {
                let last = matches!(outcome, Outcome::Refused(_));
                if reports.send(Report::Gave(key, id.clone(), outcome)).await.is_err() || last {
                    return;
                }
            }
            drop(reports.send(Report::Over(key, id)).await);
        };
        let task = self.tasks.spawn(running.instrument(self.host.span()));
        self.running.insert(key, task);
    }

    fn reported(&mut self, reports: impl Iterator<Item = Report<H>>) -> Result<(), End> {
        for report in reports {
            let message = match report {
                Report::Admitted(Ok(holder)) => {
                    self.holder = Some(holder);
                    Some(self.protocol.acknowledge())
                }
                Report::Admitted(Err(closing)) => return Err(End::Close(closing)),
                Report::Gave(key, id, outcome) => {
                    if matches!(outcome, Outcome::Refused(_)) {
                        self.running.remove(&key);
                    }
                    self.protocol.gave(key, id, outcome)
                }
                Report::Over(key, id) => {
                    self.running.remove(&key);
                    self.protocol.over(key, id)
                }
            };
            self.said.extend(message.map(|message| Message::text(message.text())));
        }
        Ok(())
    }

    fn silent(&mut self, pulse: &mut Pulse) -> Result<(), End> {
        if self.protocol.waits_for_init() && pulse.init_is_late() {
            return Err(End::Close(Closing::initialisation_timeout()));
        }
        if pulse.asked {
            return Err(End::Gone("silent"));
        }
        pulse.asked = true;
        // A frame, not a message of the protocol: every client answers it, without a line of its own.
        self.said.push(Message::Ping(Default::default()));
        Ok(())
    }
}

/// Sends what is to be said; a client that does not take it in time is let go.
async fn send(
    socket: &mut impl Socket,
    said: &mut Vec<Message>,
    settings: &settings::Live,
) -> Result<(), End> {
    if said.is_empty() {
        return Ok(());
    }
    let sending = async {
        for message in said.drain(..) {
            socket.feed(message).await?;
        }
        socket.flush().await
    };
    match timeout(settings.write_timeout(), sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone("broken")),
        Err(_) => Err(End::Gone("slow")),
    }
}

/// When the other side was heard last, and what follows from its silence.
struct Pulse {
    init_due: Instant,
    interval: Duration,
    heard: Instant,
    /// It was asked whether it is there, and did not answer yet.
    asked: bool,
}

impl Pulse {
    fn new(settings: &settings::Live) -> Self {
        let now = Instant::now();
        Self {
            init_due: now + settings.connection_init_timeout(),
            interval: settings.keep_alive(),
            heard: now,
            asked: false,
        }
    }

    fn felt(&mut self) {
        self.heard = Instant::now();
        self.asked = false;
    }

    fn init_is_late(&self) -> bool {
        Instant::now() >= self.init_due
    }

    /// When silence has gone on for too long.
    fn due(&self, waits_for_init: bool) -> Instant {
        let silent = self.heard + self.interval * if self.asked { 2 } else { 1 };
        if waits_for_init { silent.min(self.init_due) } else { silent }
    }
}

fn is_too_big(error: &axum::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}

#[cfg(test)]
mod tests;
