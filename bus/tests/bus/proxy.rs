//! A TCP proxy in front of the broker that a test can cut, freeze and restore.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    /// Connections stay open, and carry nothing ever again.
    Frozen,
    /// Connections are dropped, and new ones too.
    Cut,
}

/// Carries connections to one address while it is up.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State::Up);
        let accepting = tokio::spawn(accept(listener, target, state.clone()));
        Self { address, state, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn freeze(&self) {
        self.state.send_replace(State::Frozen);
    }

    pub(crate) fn restore(&self) {
        self.state.send_replace(State::Up);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: String, state: watch::Sender<State>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(carry(client, target.clone(), state.subscribe()));
    }
}

async fn carry(mut client: TcpStream, target: String, mut state: watch::Receiver<State>) {
    let now = *state.borrow_and_update();
    if now == State::Up {
        let Ok(mut server) = TcpStream::connect(target).await else { return };
        let frozen = tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            changed = state.wait_for(|state| *state != State::Up) => changed.is_ok_and(|state| *state == State::Frozen),
        };
        if frozen {
            let _ = state.wait_for(|state| *state != State::Frozen).await;
        }
    } else if now == State::Frozen {
        let _ = state.wait_for(|state| *state != State::Frozen).await;
    }
}
