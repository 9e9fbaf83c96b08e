//! A worker's process: configuration, connections, its consumer, health pages, and the drain at its end.

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use app::secret::Keyring;
use clap::Parser;
use delivery::{Backend, Node, Settings, Worker};
use process::{backend, config, health, health::Check, runtime, shutdown, telemetry};

/// What a worker may take to finish once it is told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// How long a reader of the health pages may leave them untaken before it is dropped.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A worker: it takes messages from its queue until it is told to stop
#[derive(Parser, Debug)]
#[command(version)]
struct Config<S: clap::Args> {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    own: S,
}

/// What every worker is told.
#[derive(clap::Args, Debug)]
struct Common {
    #[command(flatten)]
    backend: backend::Settings,
    #[command(flatten)]
    health: health::Settings,
    #[command(flatten)]
    telemetry: telemetry::Settings,
    /// Messages handled at once, 1 to 1,000
    #[arg(long, env = "VENTURI_WORKER_CONCURRENCY", default_value_t = 16, value_name = "COUNT",
          value_parser = clap::value_parser!(u16).range(1..=1_000))]
    concurrency: u16,
}

/// For a worker that is told nothing but what every worker is.
#[derive(clap::Args, Debug)]
pub struct NoSettings {}

/// Runs a worker's process to its end; the worker is made by settings of its own.
pub fn run<S: clap::Args>(make: impl FnOnce(&S) -> anyhow::Result<Worker>) -> ExitCode {
    let config: Config<S> = config::parse();
    run_as(config.common, make(&config.own))
}

/// Nothing here depends on a worker's own settings, so it is compiled once for all of them.
fn run_as(config: Common, worker: anyhow::Result<Worker>) -> ExitCode {
    runtime::run(async move { serve(config, worker?).await })
}

async fn serve(config: Common, worker: Worker) -> anyhow::Result<()> {
    let telemetry = telemetry::init(worker.queue(), &config.telemetry)?;
    let stop = shutdown::on_signal()?;
    let amqp_url = config.backend.amqp_url.as_ref().context(
        "a worker shares its queue with others over RabbitMQ: set VENTURI_AMQP_URL, or run `venturi`, which \
         has every worker in it",
    )?;
    let backend = Backend {
        database_url: config.backend.database_url.expose(),
        database_connections: config.backend.database_connections,
        statement_timeout: None,
        amqp_url: Some(amqp_url.expose()),
        namespace: &config.backend.amqp_namespace,
        name: worker.queue(),
        keyring: Keyring::parse(config.backend.secret_keys())?,
        is_watched: false,
    };
    let app = tokio::select! {
        app = delivery::open_database(&backend) => app?,
        () = stop.cancelled() => return Ok(()),
    };
    let bus = delivery::open_bus(&backend, &app).await?;
    let serving = stop.child_token();
    let checks = delivery::readiness(&app, &bus).map(|(name, probe)| Check::new(name, probe));
    let router = health::router(checks.into(), telemetry.metrics());
    let server = health::serve(config.health.health_listen, router, WRITE_TIMEOUT, serving.clone()).await?;
    tracing::info!(queue = worker.queue(), health = %server.address(), "worker started");
    let settings = Settings { concurrency: config.concurrency, ..Settings::default() };
    let running = Node::new(app.clone(), bus).with_settings(settings).with_workers([worker]).start();
    stop.cancelled().await;
    tracing::info!("draining");
    running.drain(DRAIN).await;
    serving.cancel();
    server.finished().await?;
    app.database().close().await?;
    Ok(())
}
