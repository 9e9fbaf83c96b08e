//! `venturi` without a command: everything in this process.

use std::time::Duration;

use app::seed;
use delivery::Node;
use process::{shutdown, telemetry};

use crate::{
    arguments::Arguments,
    operate::{adopt, backend, prepared, table},
    print,
};

/// What may be under way at the end before it is left to the next start.
const DRAIN: Duration = Duration::from_secs(20);

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let telemetry = telemetry::init("venturi", &arguments.telemetry)?;
    let stop = shutdown::on_signal()?;
    let prepared = tokio::select! {
        prepared = prepared(arguments) => prepared?,
        () = stop.cancelled() => return Ok(()),
    };
    let (app, playbook) = prepared;
    let app = app.with_issuer(arguments.start.api.oidc.issuer());
    adopt(&app, playbook, &[]).await?;
    let tokens = if arguments.start.demo { seed::demo(&app).await? } else { None };
    let bus = delivery::open_bus(&backend(arguments)?, &app).await?;
    let client = outbound::Client::new(&arguments.start.api.outbound)?;
    let running = Node::new(app.clone(), bus.clone()).with_workers(worker::all(&client)?).start();
    let server = api::Server {
        app: app.clone(),
        bus,
        settings: arguments.start.api.clone(),
        metrics: telemetry.metrics(),
    };
    let serving = server.listen(arguments.start.listen, stop.clone()).await?;
    print(&welcome(&serving.address().to_string(), tokens.as_deref()))?;
    stop.cancelled().await;
    tracing::info!("draining");
    if let Ok(finished) = shutdown::drain(DRAIN, serving.finished()).await {
        finished?;
    }
    running.drain(DRAIN).await;
    Ok(app.database().close().await?)
}

/// What a person at a terminal reads first.
fn welcome(address: &str, tokens: Option<&[(domain::Role, String)]>) -> String {
    let listening = format!("listening on http://{address}");
    let Some(tokens) = tokens else {
        return format!(
            "{listening}\n\nTokens were shown when the demo was made. Another one:\n  \
             venturi token create --portfolio {} --role LEAD",
            seed::SLUG
        );
    };
    let first = tokens.iter().find(|(role, _)| role == "CHAIRMAN").map_or("TOKEN", |(_, token)| token);
    format!(
        "{listening}\n\nThe portfolio `{slug}` was made. A token for each role, shown this once:\n{list}\n\
         A first query:\n  curl -s http://{address}/graphql -H 'Authorization: Bearer {first}' \\\n    \
         -H 'Content-Type: application/json' \\\n    \
         -d '{{\"query\":\"{{ ventures(first: 5) {{ nodes {{ id name stage {{ number title }} }} }} }}\"}}'\n\n\
         Or open http://{address}/ in a browser.",
        slug = seed::SLUG,
        list = table(tokens),
    )
}
