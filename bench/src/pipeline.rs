//! The pipeline: from the mutation `requestGateValidation` to the committed verdict, per second.

mod pgbench;
mod sqlite;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use entity::gate_run;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::{
    Scale,
    deployment::{Deployment, open},
    load,
    report::{Aim, Figure, Limit, Unit},
};

const REQUESTS: u32 = 4_000;
/// Ventures that the requests, and the limits' statements, are spread over.
const VENTURES: u32 = 40;
/// Requests per lease and delete in the limits: the relay takes up whatever is due.
const RELAY_BATCH: u32 = 8;
const TIME: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(600);
const AIM: Aim = Aim::OfLimit(0.6);

/// All three figures.
pub(crate) async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let mut deployment = Deployment::embedded().await?;
    let value = validations(&deployment, scale).await?;
    deployment.stop().await?;
    let limit = sqlite::limit(&deployment.copy_url, scale.time(TIME)).await?;
    let limit = Some(Limit { name: "one SQLite writer, same statements", value: limit });
    let mut figures = vec![figure("venturi on SQLite", value, limit)];
    let mut limit = None;
    for validators in [1, 2] {
        let mut deployment = Deployment::distributed(validators).await?;
        let value = validations(&deployment, scale).await?;
        if limit.is_none() {
            deployment.stop().await?;
            let found = pgbench::limit(&deployment.copy_url, scale.time(TIME)).await?;
            limit = found.map(|value| Limit { name: "pgbench, same statements", value });
        }
        let plural = if validators == 1 { "" } else { "s" };
        let name = format!("api + {validators} gate-validator{plural} on PostgreSQL and RabbitMQ");
        figures.push(figure(&name, value, limit));
    }
    Ok(figures)
}

fn figure(name: &str, value: f64, limit: Option<Limit>) -> Figure {
    let name = format!("gate validations, request to committed verdict: {name}");
    Figure { name, value, unit: Unit::PerSecond, limit, aim: Some(AIM) }
}

/// Requests validations, waits until the last is decided, and gives how many there were per second.
async fn validations(deployment: &Deployment, scale: Scale) -> anyhow::Result<f64> {
    let ventures: Arc<[String]> = deployment.create_ventures(VENTURES).await.into();
    let count = scale.count(REQUESTS);
    let client = deployment.client.clone();
    let db = open(&deployment.database_url).await?;
    let began = Instant::now();
    load::spread(count, move |number| {
        let (client, ventures) = (client.clone(), Arc::clone(&ventures));
        async move {
            let number = number as usize;
            let gates = ["title-validated", "description-validated", "category-assigned"];
            let input = json!({
                "ventureId": ventures[number % ventures.len()], "gate": gates[number % gates.len()],
            });
            let (name, input_type) = ("requestGateValidation", "RequestGateValidationInput");
            client.mutate(name, input_type, "gateRun { id }", input).await;
        }
    })
    .await;
    let open = gate_run::Entity::find().filter(gate_run::Column::Status.ne("SUCCEEDED"));
    while open.clone().count(&db).await? > 0 {
        ensure!(began.elapsed() < PATIENCE, "the verdicts do not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let time = began.elapsed();
    ensure!(gate_run::Entity::find().count(&db).await? == u64::from(count), "a request was lost");
    db.close().await?;
    Ok(f64::from(count) / time.as_secs_f64())
}
