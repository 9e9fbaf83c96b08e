//! Binary `api`: the gateway alone, beside workers in processes of their own.

use std::{io::Write, net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context;
use api::{Server, Settings};
use app::secret::Keyring;
use clap::Parser;
use delivery::{Backend, Node};
use process::{backend, config, runtime, shutdown, telemetry};

/// What may be under way at the end before it is left to another process.
const DRAIN: Duration = Duration::from_secs(20);

/// The GraphQL gateway, beside workers in processes of their own
#[derive(Parser, Debug)]
#[command(name = "api", version)]
struct Config {
    /// Address of the API
    #[arg(long, env = "VENTURI_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[command(flatten)]
    api: Settings,
    #[command(flatten)]
    backend: backend::Settings,
    #[command(flatten)]
    telemetry: telemetry::Settings,
}

fn main() -> ExitCode {
    let config: Config = config::parse();
    runtime::run(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let telemetry = telemetry::init("api", &config.telemetry)?;
    let stop = shutdown::on_signal()?;
    let amqp_url = config.backend.amqp_url.as_ref().context(
        "the gateway hands work to workers over RabbitMQ: set VENTURI_AMQP_URL, or run `venturi`, which has \
         every worker in it",
    )?;
    let backend = Backend {
        database_url: config.backend.database_url.expose(),
        database_connections: config.backend.database_connections,
        statement_timeout: Some(config.api.request_timeout()),
        amqp_url: Some(amqp_url.expose()),
        namespace: &config.backend.amqp_namespace,
        name: "api",
        keyring: Keyring::parse(config.backend.secret_keys())?,
        is_watched: true,
    };
    let app = tokio::select! {
        app = delivery::open_database(&backend) => app?.with_issuer(config.api.oidc.issuer()),
        () = stop.cancelled() => return Ok(()),
    };
    let bus = delivery::open_bus(&backend, &app).await?;
    let running = Node::new(app.clone(), bus.clone()).start();
    let server = Server { app: app.clone(), bus, settings: config.api, metrics: telemetry.metrics() };
    let serving = server.listen(config.listen, stop.clone()).await?;
    writeln!(std::io::stdout(), "listening on http://{}", serving.address())?;
    stop.cancelled().await;
    tracing::info!("draining");
    if let Ok(finished) = shutdown::drain(DRAIN, serving.finished()).await {
        finished?;
    }
    running.drain(DRAIN).await;
    Ok(app.database().close().await?)
}
