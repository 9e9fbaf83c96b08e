//! The pipeline: from the mutation `requestGateValidation` to the committed verdict, per second.

mod pgbench;
mod sqlite;

use std::time::Duration;

use crate::{
    Plan,
    deployment::{Deployment, open, plant_ventures},
    frozen,
    report::{Aim, Figure, Limit, Unit},
    validations::{Measured, REQUESTS, Subject, VENTURES},
};

/// Requests per lease and delete in the limits: the relay takes up whatever is due.
const RELAY_BATCH: u32 = 8;
const TIME: Duration = Duration::from_secs(10);
/// The statements that the system sends now.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pipeline.sql");
const AIM: Aim = Aim::OfLimit(0.6);
const FROZEN_AIM: Aim = Aim::OfLimit(1.0);

/// Embedded, and distributed with one and with two validators.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut deployment = Deployment::embedded(&plan.binaries).await?;
    let measured = validations(&deployment, plan).await?;
    deployment.stop().await?;
    let limit = sqlite::limit(deployment.copy_url()?, plan.time(TIME)).await?;
    let limit = Some(Limit { name: "one SQLite writer, same statements", value: limit });
    let name = "venturi on SQLite";
    figures.push(rate(name, &measured, limit, AIM));
    figures.extend(processor(name, &measured, None));
    let mut yardsticks = None;
    for validators in [1, 2] {
        let mut deployment = Deployment::distributed(&plan.binaries, validators).await?;
        let measured = validations(&deployment, plan).await?;
        let Yardsticks { own, frozen } = match yardsticks {
            Some(known) => known,
            None => {
                deployment.stop().await?;
                *yardsticks.insert(Yardsticks::measure(&deployment, plan).await?)
            }
        };
        let plural = if validators == 1 { "" } else { "s" };
        let name = format!("api + {validators} gate-validator{plural} on PostgreSQL and RabbitMQ");
        let own = own.map(|own| Limit { name: "pgbench, the statements' own script", value: own.per_second });
        let of_frozen = |value| Limit { name: "pgbench, the frozen yardstick", value };
        let frozen_processor = frozen.and_then(|frozen| frozen.processor_ms).map(of_frozen);
        figures.push(rate(&name, &measured, own, AIM));
        let frozen_rate = frozen.map(|frozen| of_frozen(frozen.per_second));
        figures.push(rate(
            &format!("{name}, beside the frozen yardstick"),
            &measured,
            frozen_rate,
            FROZEN_AIM,
        ));
        figures.extend(processor(&name, &measured, frozen_processor));
    }
    Ok(figures)
}

fn rate(name: &str, measured: &Measured, limit: Option<Limit>, aim: Aim) -> Figure {
    let name = format!("gate validations, request to committed verdict: {name}");
    Figure { name, value: measured.per_second, unit: Unit::PerSecond, limit, aim: Some(aim) }
}

fn processor(name: &str, measured: &Measured, limit: Option<Limit>) -> Option<Figure> {
    let name = format!("processor time of the whole machine for a validation: {name}");
    Some(Figure { name, value: measured.processor_ms?, unit: Unit::Milliseconds, limit, aim: None })
}

async fn validations(deployment: &Deployment, plan: &Plan) -> anyhow::Result<Measured> {
    let ventures = deployment.create_ventures(VENTURES).await.into();
    let (client, database_url) = (&deployment.client, deployment.database_url.as_str());
    Subject { client, database_url, ventures }.measure(plan.count(REQUESTS)).await
}

/// What pgbench does on the same server; none where there is no pgbench.
#[derive(Clone, Copy)]
struct Yardsticks {
    /// With the statements that the system sends now, on the schema of now.
    own: Option<Measured>,
    /// With the statements and the schema of `frozen/`.
    frozen: Option<Measured>,
}

impl Yardsticks {
    async fn measure(deployment: &Deployment, plan: &Plan) -> anyhow::Result<Self> {
        let time = plan.time(TIME);
        let url = deployment.copy_url()?;
        let db = open(url).await?;
        let known = plant_ventures(&db, VENTURES).await?;
        db.close().await?;
        let own = pgbench::run(SCRIPT, url, &known, time).await?;
        let url = deployment.servers()?.create("frozen").await?;
        frozen::fill(&url).await?;
        let frozen = pgbench::run(frozen::SCRIPT, &url, &frozen::known(), time).await?;
        Ok(Self { own, frozen })
    }
}
