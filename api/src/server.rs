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

use crate::{Settings, http::router_until, schema};

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
pub struct Serving(health::Server);

impl Server {
    /// All its routes.
    pub async fn routes(&self, stop: &CancellationToken) -> anyhow::Result<Router> {
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
        let checks = vec![database, broker, Check::accepting(stop.clone())];
        Ok(router_until(self.app.clone(), schema, &self.settings, stop.clone())
            .merge(health::router(checks, self.metrics.clone())))
    }

    /// Listens until `stop` is cancelled.
    pub async fn listen(&self, address: SocketAddr, stop: CancellationToken) -> anyhow::Result<Serving> {
        let routes = self.routes(&stop).await?;
        Ok(Serving(health::serve(address, routes, stop).await?))
    }
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Resolves when the last request is answered.
    pub async fn finished(self) -> std::io::Result<()> {
        self.0.finished().await
    }
}
