//! Connections in memory, on a clock that goes on by itself when nothing else happens.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use async_graphql::{Response as Answer, ServerError};
use futures_util::{future, stream};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::PollSender;

use super::*;

/// What the other end of a socket holds: it says and hears messages.
struct Client {
    say: mpsc::UnboundedSender<Result<Message, axum::Error>>,
    hear: mpsc::Receiver<Message>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    ended: mpsc::UnboundedReceiver<String>,
}

/// Our end of it.
struct InMemory {
    come: mpsc::UnboundedReceiver<Result<Message, axum::Error>>,
    go: PollSender<Message>,
}

impl Stream for InMemory {
    type Item = Result<Message, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.come.poll_recv(context)
    }
}

impl Sink<Message> for InMemory {
    type Error = axum::Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.go.poll_reserve(context).map_err(axum::Error::new)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.go.send_item(message).map_err(axum::Error::new)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
}

/// Admits by what `connection_init` says and runs what a query names.
struct Scripted {
    ended: mpsc::UnboundedSender<String>,
}

/// Tells that an operation was dropped.
struct Running(String, mpsc::UnboundedSender<String>);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.1.send(self.0.clone()));
    }
}

impl Host for Scripted {
    type Holder = ();

    async fn admit(&self, payload: Payload) -> Result<(), Closing> {
        match payload.and_then(|mut payload| payload.remove("be")) {
            Some(Value::String(refused)) if refused == "refused" => Err(Closing::forbidden()),
            Some(Value::String(slow)) if slow == "slow" => future::pending().await,
            _ => Ok(()),
        }
    }

    fn run(&self, (): &(), request: Request) -> BoxStream<'static, Outcome> {
        let running = Running(request.query.clone(), self.ended.clone());
        let next = || Outcome::from(Answer::new("x".repeat(10)));
        let outcomes = match request.query.as_str() {
            "one" => stream::once(async move { next() }).boxed(),
            "endless" => stream::repeat_with(next).boxed(),
            "refused" => {
                let errors = vec![ServerError::new("no", None)];
                stream::iter([Answer::from_errors(errors).into(), next()]).boxed()
            }
            "panic" => stream::once(async { panic!("as the test wants it") }).boxed(),
            _ => stream::pending().boxed(),
        };
        outcomes
            .inspect(move |_| {
                let _ = &running;
            })
            .boxed()
    }
}

/// Seconds as the settings below have them.
const INIT_TIMEOUT: u64 = 10;
const KEEP_ALIVE: u64 = 12;
const WRITE_TIMEOUT: u64 = 30;

impl Client {
    /// Connects; what is sent waits in a buffer of `room` messages until it is heard.
    fn connect(room: usize) -> Self {
        let settings = settings::Live {
            max_connections: 1,
            max_operations_per_connection: 3,
            connection_init_timeout_s: INIT_TIMEOUT,
            keep_alive_s: KEEP_ALIVE,
            write_timeout_s: WRITE_TIMEOUT,
        };
        let (say, come) = mpsc::unbounded_channel();
        let (go, hear) = mpsc::channel(room);
        let (tell, ended) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serving = tokio::spawn(async move {
            let socket = InMemory { come, go: PollSender::new(go) };
            serve(socket, Scripted { ended: tell }, &settings, &stopped).await;
        });
        Self { say, hear, stop, serving, ended }
    }

    async fn acknowledged(room: usize) -> Self {
        let mut client = Self::connect(room);
        client.say(&json!({ "type": "connection_init" }));
        assert_eq!(client.message().await, json!({ "type": "connection_ack" }));
        client
    }

    fn say(&self, message: &Value) {
        self.say.send(Ok(Message::text(message.to_string()))).unwrap();
    }

    fn subscribe(&self, id: &str, query: &str) {
        self.say(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } }));
    }

    async fn hear(&mut self) -> Message {
        self.hear.recv().await.expect("a message before the end")
    }

    async fn message(&mut self) -> Value {
        match self.hear().await {
            Message::Text(text) => serde_json::from_str(text.as_str()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn closed(&mut self) -> (u16, String) {
        match self.hear().await {
            Message::Close(Some(CloseFrame { code, reason })) => (code, reason.as_str().to_owned()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_say_who_it_is_is_closed_with_4408() {
    let began = Instant::now();
    let mut client = Client::connect(8);
    client.say(&json!({ "type": "ping" }));
    assert_eq!(client.message().await, json!({ "type": "pong" }));
    assert_eq!(client.closed().await, (4408, "Connection initialisation timeout".to_owned()));
    assert_eq!(began.elapsed().as_secs(), INIT_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn being_looked_up_for_long_is_no_initialisation_timeout() {
    let began = Instant::now();
    let mut client = Client::connect(8);
    client.say(&json!({ "type": "connection_init", "payload": { "be": "slow" } }));
    assert_eq!(client.hear().await, Message::Ping(Default::default()));
    assert_eq!(began.elapsed().as_secs(), KEEP_ALIVE, "past the time for initialisation");
    client.subscribe("a", "one");
    assert_eq!(client.closed().await.0, 4401);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_answer_a_ping_is_dropped() {
    let mut client = Client::acknowledged(8).await;
    client.subscribe("a", "silent");
    let began = Instant::now();
    assert_eq!(client.hear().await, Message::Ping(Default::default()));
    assert_eq!(began.elapsed().as_secs(), KEEP_ALIVE);
    assert_eq!(client.hear.recv().await, None, "without a word: nobody hears it");
    assert_eq!(began.elapsed().as_secs(), 2 * KEEP_ALIVE);
    assert_eq!(client.ended.recv().await.as_deref(), Some("silent"), "and its operations end");
}

#[tokio::test(start_paused = true)]
async fn one_that_answers_pings_stays() {
    let mut client = Client::acknowledged(8).await;
    let began = Instant::now();
    for turn in 1..=100 {
        assert_eq!(client.hear().await, Message::Ping(Default::default()));
        assert_eq!(began.elapsed().as_secs(), turn * KEEP_ALIVE);
        client.say.send(Ok(Message::Pong(Default::default()))).unwrap();
    }
    assert!(!client.serving.is_finished());
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_read_is_dropped_and_holds_little() {
    let mut client = Client::acknowledged(4).await;
    client.subscribe("a", "endless");
    client.subscribe("b", "silent");
    let began = Instant::now();
    client.serving.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), WRITE_TIMEOUT, "and no goodbye");
    let mut waiting = 0;
    while client.hear.recv().await.is_some() {
        waiting += 1;
    }
    assert_eq!(waiting, 4, "as many as the wire holds");
    let mut ended = [client.ended.recv().await.unwrap(), client.ended.recv().await.unwrap()];
    ended.sort();
    assert_eq!(ended, ["endless", "silent"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_reads_slowly_is_waited_for() {
    let mut client = Client::acknowledged(1).await;
    client.subscribe("a", "endless");
    for _ in 0..100 {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(client.message().await["type"], "next");
    }
    client.say(&json!({ "type": "complete", "id": "a" }));
    assert_eq!(client.ended.recv().await.as_deref(), Some("endless"));
}

#[tokio::test(start_paused = true)]
async fn an_operation_ends_when_its_client_completes_it() {
    let mut client = Client::acknowledged(8).await;
    client.subscribe("a", "silent");
    client.say(&json!({ "type": "complete", "id": "a" }));
    assert_eq!(client.ended.recv().await.as_deref(), Some("silent"));
    // Nothing was said of it, and its id is free.
    client.subscribe("a", "one");
    assert_eq!(client.message().await["type"], "next");
    assert_eq!(client.message().await, json!({ "type": "complete", "id": "a" }));
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_last_word_on_an_operation() {
    let mut client = Client::acknowledged(8).await;
    client.subscribe("a", "refused");
    assert_eq!(
        client.message().await,
        json!({ "type": "error", "id": "a", "payload": [{ "message": "no" }] })
    );
    client.subscribe("a", "one");
    assert_eq!(client.message().await["type"], "next");
    assert_eq!(client.message().await, json!({ "type": "complete", "id": "a" }));
}

#[tokio::test(start_paused = true)]
async fn a_client_turned_away_is_told_the_code() {
    let mut client = Client::connect(8);
    client.say(&json!({ "type": "connection_init", "payload": { "be": "refused" } }));
    assert_eq!(client.closed().await, (4403, "Forbidden".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_panic_closes_with_4500() {
    let mut client = Client::acknowledged(8).await;
    client.subscribe("a", "panic");
    assert_eq!(client.closed().await, (4500, "Internal server error".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn when_the_process_stops_clients_are_told_and_may_say_goodbye() {
    let mut client = Client::acknowledged(8).await;
    client.subscribe("a", "silent");
    client.say(&json!({ "type": "ping" }));
    assert_eq!(client.message().await, json!({ "type": "pong" }), "what came before it is under way");
    client.stop.cancel();
    assert_eq!(client.closed().await, (1001, "Going away".to_owned()));
    assert_eq!(client.ended.recv().await.as_deref(), Some("silent"));
    assert!(!client.serving.is_finished(), "it waits for the goodbye");
    drop(client.say);
    client.serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_is_not_waited_for_forever() {
    let mut client = Client::connect(8);
    let began = Instant::now();
    client.say(&json!([]));
    assert_eq!(client.closed().await.0, 4400);
    client.serving.await.unwrap();
    assert_eq!(began.elapsed(), GOODBYE);
}

#[tokio::test(start_paused = true)]
async fn a_message_too_big_to_read_is_told_before_hanging_up() {
    let mut client = Client::acknowledged(8).await;
    let limit = tungstenite::error::CapacityError::MessageTooLong { size: 2, max_size: 1 };
    let error = tungstenite::Error::Capacity(limit);
    client.say.send(Err(axum::Error::new(error))).unwrap();
    assert_eq!(client.closed().await, (1009, "Message too big".to_owned()));
    let began = Instant::now();
    client.serving.await.unwrap();
    assert_eq!(began.elapsed(), GOODBYE);
}
