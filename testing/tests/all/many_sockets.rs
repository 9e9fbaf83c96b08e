//! As many sockets as a process takes: what else it does goes on, one more is refused, and those at which nobody
//! is any more give their places back.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join_all};
use serde_json::{Value, json};
use testing::{
    client::Client,
    program::{self, Environment, Program},
    servers::free_port,
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

/// As many as a process takes unless it is told otherwise.
const MOST: usize = 10_000;
/// How many are opened at once.
const OPENERS: usize = 100;
/// Silence after which a socket is pinged, and after as long again dropped: long enough to open them all.
const KEEP_ALIVE_S: u64 = 30;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket and says who it is for.
async fn open(address: &str, token: &str) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = connect_async(request).await?;
    let payload = json!({ "Authorization": format!("Bearer {token}") });
    let init = json!({ "type": "connection_init", "payload": payload });
    socket.send(Message::text(init.to_string())).await?;
    let answer = socket.next().await.expect("an answer")?;
    let answer: Value = serde_json::from_str(answer.to_text()?).unwrap();
    assert_eq!(answer["type"], "connection_ack");
    Ok(socket)
}

/// How many sockets the process counts.
async fn counted(address: &str) -> usize {
    let page = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    let line = page.lines().find(|line| line.starts_with("venturi_live_connections{"));
    line.and_then(|line| line.rsplit(' ').next()).map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_sockets_are_held_and_then_let_go() {
    // One end of each here, the other in the process, which inherits the limit.
    let files = rlimit::increase_nofile_limit(MOST as u64 + 1_000).unwrap();
    assert!(files > MOST as u64 + 500, "{files} open files are allowed: raise the hard limit (ulimit -Hn)");
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let environment = Environment::from([
        ("VENTURI_LISTEN".to_owned(), address.clone()),
        ("VENTURI_DATABASE_URL".to_owned(), format!("sqlite://{}", folder.path().join("v.sqlite").display())),
        ("VENTURI_KEEP_ALIVE_S".to_owned(), KEEP_ALIVE_S.to_string()),
        ("VENTURI_LOG".to_owned(), "error".to_owned()),
    ]);
    let venturi = Program::listening("venturi", &environment).await;
    let create = ["token", "create", "--portfolio", "demo", "--role", "VIEWER"];
    let (code, token) = program::run("venturi", &create, &environment).await;
    assert_eq!(code, Some(0));

    let mut sockets = Vec::with_capacity(MOST);
    while sockets.len() < MOST {
        let opened = join_all((0..OPENERS).map(|_| open(&address, &token))).await;
        sockets.extend(opened.into_iter().map(|socket| socket.expect("a place")));
    }
    assert_eq!(counted(&address).await, MOST);
    match open(&address, &token).await {
        Err(Error::Http(refused)) => assert_eq!(refused.status(), 503),
        other => panic!("one too many: {other:?}"),
    }
    let data = Client::new(&address, &token).data("{ ventures { totalCount } }", json!({})).await;
    assert_eq!(data["ventures"]["totalCount"], 2, "what else there is to do goes on");

    // Nobody reads, so no ping is answered.
    let gone = async {
        while counted(&address).await > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(KEEP_ALIVE_S * 4), gone).await.expect("dropped in time");
    drop(sockets);
    drop(open(&address, &token).await.expect("a place again"));
    assert_eq!(venturi.terminate().await, Some(0));
}
