//! Serving a router until the process stops. What the router answers is not known here.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::patience::PatientListener;

/// A router being served in the background.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// The address bound: the port is the real one where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns when the shutdown token was cancelled and every open request was answered.
    ///
    /// # Errors
    /// Accepting connections failed, or a handler's panic reached the server.
    pub async fn finished(self) -> io::Result<()> {
        self.task.await.map_err(io::Error::other)?
    }
}

/// Binds `address` and serves `router` on it until `shutdown` is cancelled. A connection that takes nothing of
/// what is sent to it for `write_timeout` is dropped.
///
/// # Errors
/// The address cannot be bound; the error names it.
pub async fn serve(
    address: SocketAddr,
    router: Router,
    write_timeout: Duration,
    shutdown: CancellationToken,
) -> io::Result<Server> {
    let bound = TcpListener::bind(address).await;
    let listener =
        bound.map_err(|error| io::Error::new(error.kind(), format!("cannot bind {address}: {error}")))?;
    let address = listener.local_addr()?;
    let listener = PatientListener { listener, patience: write_timeout }.tap_io(|connection| {
        // An event is a small packet that must not wait for the one before it to be acknowledged.
        drop(connection.stream().set_nodelay(true));
    });
    // The peer's address is what an application router throttles and logs by.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
    Ok(Server { address, task: tokio::spawn(serving.into_future()) })
}
