//! Operations over WebSocket, spoken as graphql-transport-ws: who is let in, how each message is answered, and
//! with which code each breach of the protocol closes the connection.

use std::net::SocketAddr;

use api::{Live, Server, Settings};
use app::token;
use futures_util::{SinkExt, StreamExt};
use process::telemetry::Metrics;
use serde_json::{Value, json};
use testing::world::{self, PATIENCE, until};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use crate::gateway::{Gateway, code, venture_input};

const PROTOCOL: &str = "graphql-transport-ws";

/// One connection.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// What came over a connection.
#[derive(Debug, PartialEq)]
pub(crate) enum Came {
    Message(Value),
    Closed(u16, String),
}

/// Listens for as long as the test runs.
pub(crate) async fn listen(gateway: &Gateway) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = gateway.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Socket {
    /// Connects with headers.
    pub(crate) async fn connect(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        Self::over(TcpStream::connect(address).await.unwrap(), headers).await
    }

    async fn over(stream: TcpStream, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let address = stream.peer_addr().unwrap();
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(Self(client_async(request, stream).await?.0))
    }

    /// Connects to a server of its own, in the protocol.
    pub(crate) async fn open(gateway: &Gateway) -> Self {
        let headers = [("sec-websocket-protocol", PROTOCOL)];
        Self::connect(listen(gateway).await, &headers).await.unwrap()
    }

    /// The same, and signs in as a role of the demo portfolio.
    pub(crate) async fn signed_in(gateway: &Gateway, role: &str) -> Self {
        let mut socket = Self::open(gateway).await;
        socket.init(gateway.token(role).unwrap()).await;
        assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// What comes first of a request: an answer, or its errors.
    pub(crate) async fn ask(&mut self, request: &Value) -> Value {
        self.say(json!({ "type": "subscribe", "id": "asked", "payload": request })).await;
        let message = self.message().await;
        match message["type"].as_str() {
            Some("error") => json!({ "errors": message["payload"] }),
            _ => message["payload"].clone(),
        }
    }

    pub(crate) async fn init(&mut self, token: &str) {
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        self.say(json!({ "type": "connection_init", "payload": payload })).await;
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    pub(crate) async fn hear(&mut self) -> Came {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            match next.expect("a message before the end").unwrap() {
                Message::Text(text) => return Came::Message(serde_json::from_str(text.as_str()).unwrap()),
                Message::Close(Some(frame)) => {
                    return Came::Closed(CloseCode::into(frame.code), frame.reason.as_str().to_owned());
                }
                _ => {}
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Value {
        match self.hear().await {
            Came::Message(message) => message,
            closed => panic!("{closed:?}"),
        }
    }

    async fn closed(&mut self) -> (u16, String) {
        match self.hear().await {
            Came::Closed(code, reason) => (code, reason),
            message => panic!("{message:?}"),
        }
    }

    /// Hears one answer of an operation and its end.
    async fn single(&mut self, id: &str) -> Value {
        let next = self.message().await;
        assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!(id)), "{next}");
        assert_eq!(self.message().await, json!({ "type": "complete", "id": id }));
        next["payload"].clone()
    }

    /// Hears that an operation was refused; the code of the first error.
    async fn refused(&mut self, id: &str) -> String {
        let error = self.message().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!(id)), "{error}");
        assert!(error["payload"][0]["message"].is_string(), "{error}");
        error["payload"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
    }
}

fn live(change: impl FnOnce(&mut Live)) -> Settings {
    let mut live = Live::default();
    change(&mut live);
    Settings { live, ..Settings::default() }
}

fn events(venture: &str) -> String {
    format!("subscription {{ ventureEvents(ventureId: {venture:?}) {{ sequence }} }}")
}

const VIEWER: &str = "{ viewer { handle } }";

#[tokio::test]
async fn a_connection_begins_subscribes_and_ends() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Over a socket").await;
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    socket.subscribe("1", &events(&venture)).await;
    for sequence in 1..=2 {
        let next = socket.message().await;
        assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("1")), "{next}");
        assert_eq!(next["payload"]["data"], json!({ "ventureEvents": { "sequence": sequence } }));
    }
    let input = json!({ "ventureId": venture, "reason": "Waiting for spring." });
    gateway.change("LEAD", "pauseVenture", "venture { id }", input.clone()).await;
    assert_eq!(socket.message().await["payload"]["data"]["ventureEvents"]["sequence"], 3);
    // Left by its client, it says nothing more: neither that it ended, nor of what happens next.
    socket.say(json!({ "type": "complete", "id": "1" })).await;
    gateway.change("LEAD", "resumeVenture", "venture { id }", json!({ "ventureId": venture })).await;
    socket.subscribe("2", VIEWER).await;
    assert_eq!(socket.single("2").await["data"]["viewer"]["handle"], "demo.viewer");
    // What is not known, or not any more, may be completed again.
    socket.say(json!({ "type": "complete", "id": "1" })).await;
    socket.say(json!({ "type": "complete", "id": "never" })).await;
    socket.subscribe("1", VIEWER).await;
    socket.single("1").await;
}

#[tokio::test]
async fn a_stream_that_ends_by_itself_is_complete() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Judged already").await;
    let input = json!({ "ventureId": venture, "gate": "title-validated" });
    let payload = gateway.change("LEAD", "requestGateValidation", "gateRun { id }", input).await;
    let id = payload["gateRun"]["id"].as_str().unwrap();
    let process = gateway.world.start(delivery::Faults::default()).await;
    gateway.world.settled().await;
    let mut socket = Socket::signed_in(&gateway, "LEAD").await;
    socket.subscribe("run", &format!("subscription {{ gateRunUpdated(id: {id:?}) {{ status }} }}")).await;
    assert_eq!(socket.single("run").await["data"]["gateRunUpdated"]["status"], "SUCCEEDED");
    process.drain().await;
}

#[tokio::test]
async fn queries_and_mutations_give_one_answer_and_their_end() {
    let gateway = Gateway::open().await;
    let mut socket = Socket::signed_in(&gateway, "CHAIRMAN").await;
    let query = "query A { a: viewer { handle } } query B($n: Int!) { stage(number: $n) { number } }";
    let payload = json!({ "query": query, "operationName": "B", "variables": { "n": 7 } });
    socket.say(json!({ "type": "subscribe", "id": "q", "payload": payload })).await;
    assert_eq!(socket.single("q").await["data"], json!({ "stage": { "number": 7 } }));
    let query = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } } }";
    let payload = json!({ "query": query, "variables": { "input": venture_input("By socket") } });
    socket.say(json!({ "type": "subscribe", "id": "m", "payload": payload })).await;
    assert_eq!(socket.single("m").await["data"]["createVenture"]["venture"]["name"], "By socket");
    // Executed and failed in part: an answer, with its errors.
    socket.subscribe("f", "{ operations { outboxCount } }").await;
    assert_eq!(socket.single("f").await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    // The reference reads text in a binary frame as well.
    let message = json!({ "type": "subscribe", "id": "b", "payload": { "query": VIEWER } });
    socket.0.send(Message::binary(message.to_string())).await.unwrap();
    socket.single("b").await;
}

#[tokio::test]
async fn a_request_that_is_not_executed_is_an_error_and_no_more() {
    let gateway = Gateway::open().await;
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    let two = "subscription { a: ventureEvents(ventureId: \"x\") { sequence } b: ventureEvents(ventureId: \"y\") { sequence } }";
    let lacking = "query($id: ID!) { venture(id: $id) { name } }";
    for query in ["{ secret_marker(", "{ noSuchField }", lacking, two, ""] {
        socket.subscribe("same", query).await;
        socket.refused("same").await;
    }
    // Neither is anything left over, nor is the connection worse for it.
    socket.subscribe("same", VIEWER).await;
    socket.single("same").await;
}

#[tokio::test]
async fn operations_run_side_by_side() {
    let gateway = Gateway::open().await;
    let (one, other) = (gateway.venture("One").await, gateway.venture("Other").await);
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    for (id, venture) in [("one", &one), ("other", &other)] {
        socket.subscribe(id, &events(venture)).await;
        for sequence in 1..=2 {
            let next = socket.message().await;
            assert_eq!((&next["id"], &next["type"]), (&json!(id), &json!("next")));
            assert_eq!(next["payload"]["data"]["ventureEvents"]["sequence"], sequence);
        }
    }
    for (id, venture) in [("other", &other), ("one", &one)] {
        let input = json!({ "ventureId": venture, "name": "Renamed" });
        gateway.change("LEAD", "updateVenture", "venture { version }", input).await;
        assert_eq!(socket.message().await["id"], id);
    }
}

#[tokio::test]
async fn a_pong_brings_back_what_the_ping_brought() {
    let gateway = Gateway::open().await;
    let mut socket = Socket::open(&gateway).await;
    let payload = json!({ "at": 7, "nested": { "list": [null, true] } });
    for _ in 0..2 {
        socket.say(json!({ "type": "ping" })).await;
        assert_eq!(socket.message().await, json!({ "type": "pong" }));
        socket.say(json!({ "type": "ping", "payload": payload })).await;
        assert_eq!(socket.message().await, json!({ "type": "pong", "payload": payload }));
        socket.say(json!({ "type": "pong" })).await;
    }
    // Before the acknowledgement and after it.
    socket.init(gateway.token("VIEWER").unwrap()).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
    socket.say(json!({ "type": "ping", "payload": payload })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong", "payload": payload }));
}

#[tokio::test]
async fn an_invalid_message_is_4400_with_its_reason() {
    let gateway = Gateway::open().await;
    for (text, about) in [
        ("{", "JSON"),
        (r#"{"type":"start","id":"1"}"#, "type"),
        (r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#, "query"),
    ] {
        let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
        socket.0.send(Message::text(text)).await.unwrap();
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{text}");
        assert!(reason.starts_with("Invalid message received: ") && reason.contains(about), "{reason}");
    }
}

#[tokio::test]
async fn an_operation_before_the_acknowledgement_is_4401() {
    let gateway = Gateway::open().await;
    let mut socket = Socket::open(&gateway).await;
    socket.subscribe("1", VIEWER).await;
    assert_eq!(socket.closed().await, (4401, "Unauthorized".to_owned()));
}

#[tokio::test]
async fn a_connection_without_a_good_token_is_4403() {
    let gateway = Gateway::open().await;
    let unknown = json!({ "Authorization": "Bearer venturi_unknown" });
    for payload in [json!(null), json!({}), unknown, json!({ "Authorization": 7 })] {
        let mut socket = Socket::open(&gateway).await;
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.closed().await, (4403, "Forbidden".to_owned()), "{payload}");
    }
}

#[tokio::test]
async fn a_token_may_come_with_the_upgrade_and_the_first_message_overrules_it() {
    let gateway = Gateway::open().await;
    let address = listen(&gateway).await;
    let bearer = format!("Bearer {}", gateway.token("LEAD").unwrap());
    let headers = [("sec-websocket-protocol", PROTOCOL), ("authorization", bearer.as_str())];
    for (payload, handle) in [
        (json!({}), "demo.lead"),
        (json!({ "authorization": format!("bearer {}", gateway.token("VIEWER").unwrap()) }), "demo.viewer"),
    ] {
        let mut socket = Socket::connect(address, &headers).await.unwrap();
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket.subscribe("1", VIEWER).await;
        assert_eq!(socket.single("1").await["data"]["viewer"]["handle"], handle);
    }
    let mut socket = Socket::connect(address, &headers).await.unwrap();
    socket.init("venturi_unknown").await;
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn another_subprotocol_is_4406() {
    let gateway = Gateway::open().await;
    let address = listen(&gateway).await;
    let mut socket = Socket::connect(address, &[]).await.unwrap();
    assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
    // A client that offers the older protocol sees by itself that it was not chosen.
    let refused = Socket::connect(address, &[("sec-websocket-protocol", "graphql-ws")]).await.err().unwrap();
    assert!(matches!(refused, Error::Protocol(_)), "{refused}");
    let both = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
    let mut socket = Socket::connect(address, &both).await.unwrap();
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn one_that_does_not_say_who_it_is_in_time_is_4408() {
    let gateway = Gateway::told(live(|live| live.connection_init_timeout_s = 1)).await;
    let mut socket = Socket::open(&gateway).await;
    let expected = (4408, "Connection initialisation timeout".to_owned());
    assert_eq!(socket.closed().await, expected);
}

#[tokio::test]
async fn an_id_under_way_is_4409() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Watched twice").await;
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    socket.subscribe("1", &events(&venture)).await;
    assert_eq!(socket.message().await["type"], "next");
    assert_eq!(socket.message().await["type"], "next");
    // Whatever kind of operation it is.
    socket.subscribe("1", VIEWER).await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for 1 already exists".to_owned()));
}

#[tokio::test]
async fn a_second_init_is_4429() {
    let gateway = Gateway::open().await;
    let token = gateway.token("VIEWER").unwrap();
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    socket.init(token).await;
    assert_eq!(socket.closed().await, (4429, "Too many initialisation requests".to_owned()));
    // Before the acknowledgement of the first as well: it may be said before the close.
    let mut socket = Socket::open(&gateway).await;
    socket.init(token).await;
    socket.init(token).await;
    let mut last = socket.hear().await;
    if last == Came::Message(json!({ "type": "connection_ack" })) {
        last = socket.hear().await;
    }
    assert_eq!(last, Came::Closed(4429, "Too many initialisation requests".to_owned()));
}

#[tokio::test]
async fn one_that_does_not_answer_pings_is_dropped() {
    let gateway = Gateway::told(live(|live| live.keep_alive_s = 1)).await;
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    // Read below the WebSocket, so that nothing answers: a ping is 0x89 with nothing in it.
    let mut bytes = [0; 16];
    let stream = socket.0.get_mut();
    let read = tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read(stream, &mut bytes)).await;
    assert_eq!(bytes[..read.unwrap().unwrap()], [0x89, 0x00]);
    let read = tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read(stream, &mut bytes)).await;
    assert_eq!(read.unwrap().unwrap(), 0, "the end");
}

#[tokio::test]
async fn operations_of_a_connection_are_limited() {
    let gateway = Gateway::told(live(|live| live.max_operations_per_connection = 2)).await;
    let venture = gateway.venture("Watched by many").await;
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    for id in ["1", "2"] {
        socket.subscribe(id, &events(&venture)).await;
        for _ in 1..=2 {
            assert_eq!(socket.message().await["type"], "next");
        }
    }
    socket.subscribe("3", VIEWER).await;
    assert_eq!(socket.refused("3").await, "TOO_MANY_OPERATIONS");
    socket.say(json!({ "type": "complete", "id": "1" })).await;
    socket.subscribe("3", VIEWER).await;
    socket.single("3").await;
}

#[tokio::test]
async fn messages_are_as_large_as_a_body_may_be() {
    let gateway = Gateway::told(Settings { max_body_bytes: 4096, ..Settings::default() }).await;
    let sized = |bytes: usize| {
        let message = |query: &str| {
            json!({ "type": "subscribe", "id": "1", "payload": { "query": query } }).to_string()
        };
        let padding = " ".repeat(bytes - message(VIEWER).len());
        message(&format!("{VIEWER}{padding}"))
    };
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    socket.0.send(Message::text(sized(4096))).await.unwrap();
    socket.single("1").await;
    socket.0.send(Message::text(sized(4097))).await.unwrap();
    assert_eq!(socket.closed().await, (1009, "Message too big".to_owned()));
}

#[tokio::test]
async fn connections_are_limited_and_their_places_free_again() {
    let gateway = Gateway::told(live(|live| live.max_connections = 1)).await;
    let address = listen(&gateway).await;
    let headers = [("sec-websocket-protocol", PROTOCOL)];
    let first = Socket::connect(address, &headers).await.unwrap();
    let refused = Socket::connect(address, &headers).await.err().unwrap();
    let Error::Http(response) = refused else { panic!("{refused}") };
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    drop(first);
    assert!(until(|| async { Socket::connect(address, &headers).await.is_ok() }).await);
}

#[tokio::test]
async fn one_that_does_not_read_loses_its_place() {
    let settings = live(|live| {
        live.max_connections = 1;
        live.write_timeout_s = 1;
    });
    let gateway = Gateway::told(settings).await;
    let address = listen(&gateway).await;
    let headers = [("sec-websocket-protocol", PROTOCOL)];
    // The kernel is to read on its own as little as it can.
    let tcp = TcpSocket::new_v4().unwrap();
    tcp.set_recv_buffer_size(4096).unwrap();
    let mut slow = Socket::over(tcp.connect(address).await.unwrap(), &headers).await.unwrap();
    slow.init(gateway.token("VIEWER").unwrap()).await;
    assert_eq!(slow.message().await["type"], "connection_ack");
    // Each answer is larger than its question by far, and all of them than any buffer on their way.
    let fields: String = (0..10)
        .map(|n| format!("a{n}: __schema {{ types {{ description fields {{ description }} }} }} "))
        .collect();
    for id in 0..20 {
        slow.subscribe(&id.to_string(), &format!("{{ {fields} }}")).await;
    }
    assert!(until(|| async { Socket::connect(address, &headers).await.is_ok() }).await);
    // It was hung up on, without a goodbye that it could have read.
    let rest: Vec<_> = slow.0.collect().await;
    assert!(matches!(rest.last(), Some(Err(_))), "{:?}", rest.last());
}

#[tokio::test]
async fn a_mutation_has_as_long_as_a_request_and_a_subscription_as_long_as_it_lasts() {
    let gateway = Gateway::told(Settings { request_timeout_s: 1, ..Settings::default() }).await;
    let venture = gateway.venture("Watched past the timeout").await;
    let mut socket = Socket::signed_in(&gateway, "CHAIRMAN").await;
    socket.subscribe("live", &events(&venture)).await;
    for _ in 1..=2 {
        assert_eq!(socket.message().await["type"], "next");
    }
    let writing = gateway.world.app.database().begin().await.unwrap();
    let query = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { name } } }";
    let payload = json!({ "query": query, "variables": { "input": venture_input("Too late") } });
    socket.say(json!({ "type": "subscribe", "id": "m", "payload": payload })).await;
    let answer = socket.single("m").await;
    assert_eq!((&answer["data"], code(&answer)), (&Value::Null, "TIMEOUT"));
    drop(writing);
    let input = json!({ "ventureId": venture, "name": "Renamed" });
    gateway.change("LEAD", "updateVenture", "venture { version }", input).await;
    assert_eq!(socket.message().await["payload"]["data"]["ventureEvents"]["sequence"], 3);
}

#[tokio::test]
async fn a_token_that_ends_ends_what_it_opened() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Watched for an hour").await;
    let ends = world::now(&gateway.world) + chrono::TimeDelta::hours(1);
    let token = token::create(&gateway.world.app, "demo", &world::role("VIEWER"), Some(ends)).await.unwrap();
    let mut socket = Socket::open(&gateway).await;
    socket.init(&token).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
    socket.subscribe("live", &events(&venture)).await;
    for _ in 1..=2 {
        assert_eq!(socket.message().await["type"], "next");
    }
    gateway.world.clock.advance(chrono::TimeDelta::hours(1));
    socket.subscribe("later", VIEWER).await;
    assert_eq!(socket.refused("later").await, "UNAUTHENTICATED");
    let last = socket.single("live").await;
    assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn when_the_process_stops_it_says_so_and_waits_until_it_is_heard() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Watched to the end").await;
    let server = Server {
        app: gateway.world.app.clone(),
        bus: gateway.world.bus(),
        settings: Settings::default(),
        metrics: Metrics::install().unwrap(),
    };
    let stop = CancellationToken::new();
    let serving = server.listen("127.0.0.1:0".parse().unwrap(), stop.clone()).await.unwrap();
    let headers = [("sec-websocket-protocol", PROTOCOL)];
    let mut socket = Socket::connect(serving.address(), &headers).await.unwrap();
    socket.init(gateway.token("VIEWER").unwrap()).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
    socket.subscribe("live", &events(&venture)).await;
    for _ in 1..=2 {
        assert_eq!(socket.message().await["type"], "next");
    }
    stop.cancel();
    tokio::time::timeout(PATIENCE, serving.finished()).await.expect("an end in time").unwrap();
    // What it said is there to be read, though nobody serves any more.
    assert_eq!(socket.closed().await, (1001, "Going away".to_owned()));
}
