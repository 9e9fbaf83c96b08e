//! A receiver of webhooks on this machine: it answers as it is told, and remembers what it was sent.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A receiver; it stops with this value.
pub struct Receiver {
    /// Where it listens.
    pub url: String,
    shared: Arc<Mutex<Shared>>,
    answering: watch::Sender<bool>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    reply: Reply,
    /// Whether a message is refused the first time it comes.
    hesitates: bool,
    received: Vec<Received>,
}

/// What it answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Retry-After`, if it says so.
    pub retry_after: Option<&'static str>,
    /// The body.
    pub body: String,
}

impl Default for Reply {
    fn default() -> Self {
        Self::status(204)
    }
}

impl Reply {
    /// An answer of a status and no more.
    pub fn status(status: u16) -> Self {
        Self { status, retry_after: None, body: String::new() }
    }
}

/// One request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message's id.
    pub id: String,
    /// When it was signed, in seconds since 1970.
    pub timestamp: i64,
    /// Its signatures.
    pub signatures: Vec<String>,
    /// Its body.
    pub body: String,
}

impl Received {
    fn of(headers: &HeaderMap, body: String) -> Self {
        let text = |name: &str| headers.get(name).expect("a header").to_str().expect("a text").to_owned();
        assert_eq!(text("content-type"), "application/json");
        Self {
            id: text("webhook-id"),
            timestamp: text("webhook-timestamp").parse().expect("seconds"),
            signatures: text("webhook-signature").split(' ').map(str::to_owned).collect(),
            body,
        }
    }

    /// Whether one of the signatures is by this secret. The age is not looked at: the clock is the test's.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let webhook = Webhook::new(secret).expect("a secret");
        let signature = webhook.sign(&self.id, self.timestamp, self.body.as_bytes()).expect("a signature");
        self.signatures.contains(&signature)
    }

    /// The body's JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl Receiver {
    /// Starts one that takes everything.
    pub async fn start() -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let answering = watch::Sender::new(true);
        let state = (Arc::clone(&shared), answering.subscribe());
        let router = Router::new().fallback(take).with_state(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { url, shared, answering, server }
    }

    /// Answers so from now on.
    pub fn answer(&self, reply: Reply) {
        self.shared.lock().unwrap().reply = reply;
    }

    /// Whether it answers what comes, and came; it does until told otherwise.
    pub fn answers(&self, answers: bool) {
        self.answering.send_replace(answers);
    }

    /// Refuses every message the first time it comes.
    pub fn hesitate(&self) {
        self.shared.lock().unwrap().hesitates = true;
    }

    /// How often it took a message with this id.
    pub fn taken(&self, id: &str) -> usize {
        let shared = self.shared.lock().unwrap();
        let came = shared.received.iter().filter(|request| request.id == id).count();
        came.saturating_sub(usize::from(shared.hesitates))
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.lock().unwrap().received.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(
    State((shared, mut answering)): State<(Arc<Mutex<Shared>>, watch::Receiver<bool>)>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, HeaderMap, String) {
    let reply = shared.lock().unwrap().take(Received::of(&headers, body));
    answering.wait_for(|answering| *answering).await.expect("a receiver");
    let said = reply.retry_after.map(|after| ("retry-after".parse().unwrap(), after.parse().unwrap()));
    (StatusCode::from_u16(reply.status).expect("a status"), said.into_iter().collect(), reply.body)
}

impl Shared {
    /// Remembers a request; gives what is answered.
    fn take(&mut self, received: Received) -> Reply {
        let first = self.received.iter().all(|earlier| earlier.id != received.id);
        self.received.push(received);
        if first && self.hesitates { Reply::status(503) } else { self.reply.clone() }
    }
}
