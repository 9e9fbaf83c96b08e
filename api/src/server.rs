//! The gateway's server: its routes, health pages and metrics on one address.

use std::net::SocketAddr;

use app::App;
use axum::Router;
use delivery::bus::Bus;
use futures_util::{FutureExt, future::BoxFuture};
use process::{
    health::{self, Check},
    telemetry::Metrics,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Settings,
    http::{Connections, router_with},
    schema,
};

/// What the server is made of.
pub struct Server {
    /// The application.
    pub app: App,
    /// The bus, for readiness.
    pub bus: Bus,
    /// What the gateway was told.
    pub settings: Settings,
    /// The process's metrics.
    pub metrics: Metrics,
}

/// A server that listens.
pub struct Serving {
    server: health::Server,
    connections: Connections,
}

impl Server {
    /// All its routes.
    async fn routes(&self, connections: Connections) -> anyhow::Result<Router> {
        let schema = schema(self.app.clone(), &self.settings).await?;
        let answering =
            delivery::readiness(&self.app, &self.bus).map(|(name, probe)| Check::new(name, probe));
        let checks = answering.into_iter().chain([Check::accepting(connections.stop())]).collect();
        Ok(router_with(self.app.clone(), schema, &self.settings, connections)
            .merge(health::router(checks, self.metrics.clone())))
    }

    /// Listens until `stop` is cancelled. Boxed, so that the gateway is compiled once, here, and not again in
    /// each binary that has it.
    pub fn listen(
        &self,
        address: SocketAddr,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<Serving>> {
        self.serve(address, stop).boxed()
    }

    async fn serve(&self, address: SocketAddr, stop: CancellationToken) -> anyhow::Result<Serving> {
        let live = &self.settings.live;
        let connections = Connections::new(live.max_connections, stop.clone());
        let routes = self.routes(connections.clone()).await?;
        let server = health::serve(address, routes, live.write_timeout(), stop).await?;
        Ok(Serving { server, connections })
    }
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Resolves when the last request is answered and every WebSocket was told that the process stops.
    pub async fn finished(self) -> std::io::Result<()> {
        self.server.finished().await?;
        // They outlive the requests that began them.
        self.connections.ended().await;
        Ok(())
    }
}
