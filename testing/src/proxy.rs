//! A TCP proxy between a program and its server, to take the network away and give it back. It knows
//! no protocol and never touches the server.

use crate::servers::free_port;
use anyhow::{Context, anyhow};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// Forwards every connection to one upstream until told otherwise. Gone when dropped.
pub struct TcpProxy {
    addr: SocketAddr,
    upstream: String,
    flow: watch::Sender<Flow>,
    /// None while cut.
    listening: Mutex<Option<Listening>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Flowing,
    Stalled,
}

struct Listening {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl TcpProxy {
    /// Listens on a port of 127.0.0.1 and forwards to `upstream`: a socket address, or `host:port`.
    ///
    /// # Errors
    /// When no port is to be had.
    pub async fn start(upstream: impl ToString) -> anyhow::Result<Self> {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let (flow, _) = watch::channel(Flow::Flowing);
        let proxy = Self { addr, upstream: upstream.to_string(), flow, listening: Mutex::new(None) };
        proxy.restore().await?;
        Ok(proxy)
    }

    /// Where it listens; stays the same through cuts.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `url` with the proxy's host and port; scheme, user, path and query stay.
    ///
    /// # Errors
    /// When `url` is none, or of a kind that has no host.
    pub fn rewrite(&self, url: &str) -> anyhow::Result<String> {
        let mut rewritten = Url::parse(url).with_context(|| format!("not a URL: {url}"))?;
        rewritten.set_ip_host(self.addr.ip()).map_err(|()| anyhow!("no host to replace in {url}"))?;
        rewritten.set_port(Some(self.addr.port())).map_err(|()| anyhow!("no port to replace in {url}"))?;
        Ok(rewritten.into())
    }

    /// Drops every open connection and refuses new ones. Returns when that is so.
    pub async fn cut(&self) {
        if let Some(Listening { stop, task }) = self.listening.lock().await.take() {
            // Neither fails while the task lives, and if it does not, the network is cut already.
            let _ = stop.send(());
            let _ = task.await;
        }
    }

    /// Keeps connections open and takes new ones, but forwards nothing: a peer that went silent.
    /// What was sent meanwhile arrives after [`Self::restore`].
    pub fn stall(&self) {
        self.flow.send_replace(Flow::Stalled);
    }

    /// Ends a cut or a stall.
    ///
    /// # Errors
    /// When its port is taken by now.
    pub async fn restore(&self) -> anyhow::Result<()> {
        self.flow.send_replace(Flow::Flowing);
        let mut listening = self.listening.lock().await;
        if listening.is_none() {
            let listener = TcpListener::bind(self.addr).await.context("cannot listen")?;
            let (stop, stopped) = oneshot::channel();
            let task = tokio::spawn(accept(listener, self.upstream.clone(), self.flow.subscribe(), stopped));
            *listening = Some(Listening { stop, task });
        }
        Ok(())
    }
}

/// Runs until told to stop, or until the proxy, which holds the other end, is dropped.
async fn accept(
    listener: TcpListener,
    upstream: String,
    flow: watch::Receiver<Flow>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            Ok((client, _)) = listener.accept() => {
                connections.spawn(forward(client, upstream.clone(), flow.clone()));
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Either side's end, or error, ends its direction; both directions' end drops the connection.
async fn forward(client: TcpStream, upstream: String, mut flow: watch::Receiver<Flow>) -> io::Result<()> {
    flowing(&mut flow).await;
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(pump(from_client, to_server, flow.clone()), pump(from_server, to_client, flow))?;
    Ok(())
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut flow: watch::Receiver<Flow>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        flowing(&mut flow).await;
        match buffer.get(..length) {
            Some(bytes) if length > 0 => to.write_all(bytes).await?,
            _ => return to.shutdown().await,
        }
    }
}

/// Returns while bytes may pass.
async fn flowing(flow: &mut watch::Receiver<Flow>) {
    // An error means that the proxy is gone: the task that runs this is about to be dropped.
    let _ = flow.wait_for(|flow| *flow == Flow::Flowing).await;
}

#[cfg(test)]
mod tests {
    use super::TcpProxy;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    const SOON: Duration = Duration::from_secs(5);

    /// A proxy in front of a server that sends every byte back.
    async fn echo() -> TcpProxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        TcpProxy::start(upstream).await.unwrap()
    }

    async fn echoes(stream: &mut TcpStream, byte: u8) -> bool {
        stream.write_all(&[byte]).await.unwrap();
        matches!(timeout(SOON, stream.read_u8()).await, Ok(Ok(echoed)) if echoed == byte)
    }

    #[tokio::test]
    async fn a_cut_drops_and_refuses_until_it_is_restored() {
        let proxy = echo().await;
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(echoes(&mut stream, 1).await);

        proxy.cut().await;
        assert!(!matches!(timeout(SOON, stream.read(&mut [0])).await.unwrap(), Ok(1..)));
        assert!(TcpStream::connect(proxy.addr()).await.is_err());

        proxy.restore().await.unwrap();
        assert!(echoes(&mut TcpStream::connect(proxy.addr()).await.unwrap(), 2).await);
    }

    #[tokio::test]
    async fn a_stall_holds_bytes_back_and_loses_none() {
        let proxy = echo().await;
        let mut old = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(echoes(&mut old, 1).await);

        proxy.stall();
        let mut new = TcpStream::connect(proxy.addr()).await.unwrap();
        old.write_all(&[2]).await.unwrap();
        new.write_all(&[3]).await.unwrap();
        let silence = Duration::from_millis(200);
        assert!(timeout(silence, old.read_u8()).await.is_err());
        assert!(timeout(silence, new.read_u8()).await.is_err());

        proxy.restore().await.unwrap();
        assert_eq!(timeout(SOON, old.read_u8()).await.unwrap().unwrap(), 2);
        assert_eq!(timeout(SOON, new.read_u8()).await.unwrap().unwrap(), 3);
    }

    #[tokio::test]
    async fn a_url_keeps_everything_but_its_host_and_port() {
        let proxy = echo().await;
        let port = proxy.addr().port();
        assert_eq!(
            proxy.rewrite("amqp://guest:guest@broker/%2f?heartbeat=5").unwrap(),
            format!("amqp://guest:guest@127.0.0.1:{port}/%2f?heartbeat=5")
        );
        assert_eq!(
            proxy.rewrite("postgres://a@localhost:5432/b").unwrap(),
            format!("postgres://a@127.0.0.1:{port}/b")
        );
        assert!(proxy.rewrite("no url").is_err());
    }
}
