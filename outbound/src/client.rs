//! The HTTP client. It follows no redirect and knows no proxy: both would lead past the guard.

use std::{error::Error as _, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header::USER_AGENT};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    Answer, Guard, MAX_BODY_BYTES, Refused, RetryAfter, Settings,
    resolve::{Lookup, Resolver, system},
};

/// Who calls.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("Venturi/", env!("CARGO_PKG_VERSION")));
/// How long a connection that nobody uses stays open.
const IDLE: Duration = Duration::from_secs(30);
/// How many of those there are for one host.
const IDLE_PER_HOST: usize = 4;

/// A client that calls only where the guard lets it. Its clones share their connections.
#[derive(Clone)]
pub struct Client {
    guard: Guard,
    timeout: Duration,
    pool: Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("no TLS: {0}")]
pub struct SetupError(#[from] rustls::Error);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The guard does not let us call there.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There was none in time.
    #[error("no answer within {0} ms")]
    Timeout(u128),
    /// The name was not found, the connection failed, or what came is not HTTP.
    #[error("{0}")]
    Broken(String),
}

impl Client {
    /// A client as the operator set it.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Self::with_lookup(settings, system())
    }

    pub(crate) fn with_lookup(settings: &Settings, lookup: Lookup) -> Result<Self, SetupError> {
        let guard = Guard::new(settings);
        let timeout = Duration::from_millis(settings.outbound_timeout_ms);
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(guard.clone(), lookup));
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .build(connector);
        Ok(Self { guard, timeout, pool })
    }

    /// Sends a POST once. An answer of any status is an answer, a redirect too.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<Answer, Failure> {
        self.guard.check_url(url)?;
        let deadline = Instant::now() + self.timeout;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() =
            url.as_str().parse().map_err(|_| Failure::Broken("not an address".to_owned()))?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(USER_AGENT, AGENT);
        let response = timeout_at(deadline, self.pool.request(request))
            .await
            .map_err(|_| Failure::Timeout(self.timeout.as_millis()))?
            .map_err(|error| failure(&error))?;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            retry_after: RetryAfter::of(&parts.headers),
            body: read(body, deadline).await,
        })
    }
}

/// As much of the body as may be kept and comes in time. The status is an answer without it.
async fn read(mut body: Incoming, deadline: Instant) -> Vec<u8> {
    let mut kept = Vec::new();
    while kept.len() < MAX_BODY_BYTES {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await else { break };
        if let Some(data) = frame.data_ref() {
            let room = MAX_BODY_BYTES - kept.len();
            kept.extend(data.iter().take(room));
        }
    }
    kept
}

/// The innermost cause: the outer ones say "client error" and no more.
fn failure(error: &hyper_util::client::legacy::Error) -> Failure {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return refused.clone().into();
        }
        text = inner.to_string();
        cause = inner.source();
    }
    Failure::Broken(text)
}

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, SocketAddr},
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use axum::{Router, routing::post};

    use super::*;

    /// A receiver on this machine, by its routes.
    async fn receiver(routes: Router) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    fn settings(allow: &[&str]) -> Settings {
        let outbound_allow = allow.iter().map(|network| network.parse().unwrap()).collect();
        Settings { outbound_allow, outbound_http: true, outbound_timeout_ms: 5_000 }
    }

    /// A name service whose n-th answer is the n-th of these, the last again and again.
    fn names(answers: &'static [&'static str]) -> Lookup {
        let asked = Arc::new(AtomicUsize::new(0));
        Arc::new(move |_| {
            let at = asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let address: IpAddr = answers[at].parse().unwrap();
            Box::pin(async move { Ok(vec![address]) })
        })
    }

    async fn call(client: &Client, url: &str) -> Result<Answer, Failure> {
        client.post(&url.parse().unwrap(), HeaderMap::new(), Bytes::from_static(b"{}")).await
    }

    #[tokio::test]
    async fn a_name_for_a_private_address_is_refused_and_an_allowed_one_is_called() {
        let address = receiver(Router::new().route("/", post(|body: String| async move { body }))).await;
        let url = format!("http://receiver.example:{}/", address.port());
        let closed = Client::with_lookup(&settings(&[]), names(&["127.0.0.1"])).unwrap();
        let refused = call(&closed, &url).await.unwrap_err();
        assert!(matches!(&refused, Failure::Refused(Refused::Name { .. })), "{refused:?}");
        let open = Client::with_lookup(&settings(&["127.0.0.1/32"]), names(&["127.0.0.1"])).unwrap();
        let answer = call(&open, &url).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
    }

    #[tokio::test]
    async fn a_name_that_turns_private_is_refused_by_what_it_is_when_dialled() {
        let address = receiver(Router::new().route("/", post(|| async { "in" }))).await;
        // Nobody is there at the first address; what matters is that the second is looked at as well.
        let lookup = names(&["1.1.1.1", "127.0.0.1"]);
        let client = Client::with_lookup(&settings(&["1.1.1.1/32"]), Arc::clone(&lookup)).unwrap();
        assert_eq!(
            lookup("checked.example".to_owned()).await.unwrap(),
            ["1.1.1.1".parse::<IpAddr>().unwrap()]
        );
        let refused = call(&client, &format!("http://checked.example:{}/", address.port())).await;
        assert!(matches!(refused, Err(Failure::Refused(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let followed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&followed);
        let routes = Router::new()
            .route("/", post(|| async { axum::response::Redirect::temporary("/next") }))
            .route("/next", post(move || async move { count.fetch_add(1, Ordering::SeqCst).to_string() }));
        let address = receiver(routes).await;
        let client = Client::new(&settings(&["127.0.0.1/32"])).unwrap();
        assert_eq!(call(&client, &format!("http://{address}/")).await.unwrap().status, 307);
        assert_eq!(followed.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_long_body_is_cut_and_a_silent_receiver_is_left() {
        let routes = Router::new()
            .route("/long", post(|| async { "x".repeat(MAX_BODY_BYTES + 1) }))
            .route("/silent", post(std::future::pending::<String>))
            .route("/half", post(|| async { axum::body::Body::from_stream(futures_body()) }));
        let address = receiver(routes).await;
        let quick = Settings { outbound_timeout_ms: 300, ..settings(&["127.0.0.1/32"]) };
        let client = Client::new(&quick).unwrap();
        assert_eq!(
            call(&client, &format!("http://{address}/long")).await.unwrap().body.len(),
            MAX_BODY_BYTES
        );
        let silent = call(&client, &format!("http://{address}/silent")).await;
        assert_eq!(silent, Err(Failure::Timeout(300)));
        let half = call(&client, &format!("http://{address}/half")).await.unwrap();
        assert_eq!((half.status, half.body.as_slice()), (200, b"half".as_slice()), "the status counts");
    }

    /// A body of one piece that never ends.
    fn futures_body() -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
        use futures_util::StreamExt;
        futures_util::stream::iter([Ok(Bytes::from_static(b"half"))]).chain(futures_util::stream::pending())
    }

    /// A receiver that shows a certificate of its own making.
    async fn self_signed() -> SocketAddr {
        let made = rcgen::generate_simple_self_signed(["receiver.example".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // It fails: that is what the test is about.
                drop(acceptor.accept(stream).await);
            }
        });
        address
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        let address = self_signed().await;
        let client = Client::with_lookup(&settings(&["127.0.0.1/32"]), names(&["127.0.0.1"])).unwrap();
        let failed =
            call(&client, &format!("https://receiver.example:{}/", address.port())).await.unwrap_err();
        assert_eq!(failed.to_string(), "invalid peer certificate: UnknownIssuer");
    }

    #[tokio::test]
    async fn what_cannot_be_reached_says_why() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        let client = Client::new(&settings(&["127.0.0.1/32"])).unwrap();
        let failed = call(&client, &format!("http://{closed}/")).await.unwrap_err();
        assert!(failed.to_string().contains("refused"), "{failed}");
        let literal = Client::new(&settings(&[])).unwrap();
        let failed = call(&literal, &format!("http://{closed}/")).await.unwrap_err();
        assert_eq!(failed.to_string(), "127.0.0.1 is not called: this machine");
    }
}
