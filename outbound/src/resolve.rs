//! Names to addresses that may be called. The connector dials what comes out of here and asks nobody
//! again, so a name that answers differently the second time gains nothing.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::Guard;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// What a name stands for, as the system says.
pub(crate) type Lookup = Arc<dyn Fn(String) -> BoxFuture<io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The resolver of the connector.
#[derive(Clone)]
pub(crate) struct Resolver {
    guard: Guard,
    lookup: Lookup,
}

impl Resolver {
    pub(crate) fn new(guard: Guard, lookup: Lookup) -> Self {
        Self { guard, lookup }
    }
}

/// The system's own resolver.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (guard, name) = (self.guard.clone(), name.as_str().to_owned());
        let looking = (self.lookup)(name.clone());
        Box::pin(async move {
            let permitted = guard.permitted(&name, &looking.await?)?;
            // The port is the URL's; the connector fills it in.
            let addresses: Vec<_> = permitted.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}
