//! Requests for gate validations, until the last of their verdicts is committed: the work of the pipeline, whoever
//! does it. Knows the API and one condition of the database, so that it holds for earlier versions and for others.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::json;
use testing::client::Client;

use crate::{
    deployment::{count, open},
    load,
    processor::Meter,
};

/// Requests of a full measurement.
pub(crate) const REQUESTS: u32 = 4_000;
/// Ventures that the requests, and the limits' statements, are spread over.
pub(crate) const VENTURES: u32 = 40;
/// The gates that are asked for, in turn.
pub(crate) const GATES: [&str; 3] = ["title-validated", "description-validated", "category-assigned"];
const PATIENCE: Duration = Duration::from_secs(600);

/// How the work went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Validations per second.
    pub(crate) per_second: f64,
    /// Processor time of the whole machine for one of them, in milliseconds; none where the kernel does not say.
    pub(crate) processor_ms: Option<f64>,
}

/// Who does the work, as its callers and its database see it.
pub(crate) struct Subject<'a> {
    /// A caller with a token.
    pub(crate) client: &'a Client,
    /// Its database.
    pub(crate) database_url: &'a str,
    /// Ids of [`VENTURES`] ventures.
    pub(crate) ventures: Arc<[String]>,
}

impl Subject<'_> {
    /// Requests so many validations and waits until the last is decided.
    pub(crate) async fn measure(&self, requests: u32) -> anyhow::Result<Measured> {
        let db = open(self.database_url).await?;
        let before = count(&db, "SELECT count(*) AS count FROM gate_run").await?;
        let (meter, began) = (Meter::start(), Instant::now());
        let (client, ventures) = (self.client.clone(), Arc::clone(&self.ventures));
        load::spread(requests, move |number| {
            let (client, ventures) = (client.clone(), Arc::clone(&ventures));
            async move { request(&client, &ventures, number as usize).await }
        })
        .await;
        decided(self.database_url).await?;
        let (time, processor_ms) = (began.elapsed(), meter.ms_per(f64::from(requests)));
        let after = count(&db, "SELECT count(*) AS count FROM gate_run").await?;
        ensure!(after - before == i64::from(requests), "{} of {requests} requests are kept", after - before);
        db.close().await?;
        Ok(Measured { per_second: f64::from(requests) / time.as_secs_f64(), processor_ms })
    }
}

async fn request(client: &Client, ventures: &[String], number: usize) {
    let (venture, gate) = (&ventures[number % ventures.len()], GATES[number % GATES.len()]);
    let input = json!({ "ventureId": venture, "gate": gate });
    client.mutate("requestGateValidation", "RequestGateValidationInput", "gateRun { id }", input).await;
}

/// Waits until no gate run is queued.
pub(crate) async fn decided(database_url: &str) -> anyhow::Result<()> {
    let db = open(database_url).await?;
    let began = Instant::now();
    while count(&db, "SELECT count(*) AS count FROM gate_run WHERE status = 'QUEUED'").await? > 0 {
        ensure!(began.elapsed() < PATIENCE, "the verdicts do not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    db.close().await?;
    Ok(())
}
