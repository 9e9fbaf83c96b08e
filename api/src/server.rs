//! The gateway's server: its routes, health pages and metrics on one address.

use std::net::SocketAddr;

use app::App;
use axum::Router;
use delivery::bus::Bus;
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
        let (app, bus) = (self.app.clone(), self.bus.clone());
        let database = Check::new("database", move || {
            let app = app.clone();
            async move { app.database().ping().await.map_err(|error| error.to_string()) }
        });
        let broker = Check::new("broker", move || {
            let bus = bus.clone();
            async move { bus.ready() }
        });
        let checks = vec![database, broker, Check::accepting(connections.stop())];
        Ok(router_with(self.app.clone(), schema, &self.settings, connections)
            .merge(health::router(checks, self.metrics.clone())))
    }

    /// Listens until `stop` is cancelled.
    pub async fn listen(&self, address: SocketAddr, stop: CancellationToken) -> anyhow::Result<Serving> {
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
