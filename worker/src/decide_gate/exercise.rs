//! Gates of two ventures, each venture several times: what a batch finds.

use app::{Error, commands::RequestGateValidation};
use async_trait::async_trait;
use delivery::exercise::{Exercised, Progress, Work, World};
use domain::{id::Id, venture::Venture};

use super::DecideGate;
use crate::exercise::{Tenant, events};

/// Stage 1's exit gates; a new venture passes each of them.
const GATES: [&str; 3] = ["title-validated", "description-validated", "category-assigned"];

/// The ventures whose gates were asked for.
struct Requested([Id<Venture>; 2]);

#[async_trait]
impl Exercised for DecideGate {
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error> {
        let tenant = Tenant::found(world.app()).await?;
        let ventures = [tenant.venture(world.app()).await?, tenant.venture(world.app()).await?];
        for gate in GATES {
            for venture_id in ventures {
                let command = RequestGateValidation {
                    root: venture_id.into(),
                    expected_version: None,
                    gate: gate.to_owned(),
                };
                world.app().execute(&tenant.chairman, &command).await?;
            }
        }
        Ok(Box::new(Requested(ventures)))
    }
}

#[async_trait]
impl Work for Requested {
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let mut progress = Progress::Done;
        for venture in self.0 {
            let passed = |body: &serde_json::Value| body["verdict"] == "PASS";
            let decided = events(world, venture, "gate_run.decided.v1", passed).await?;
            progress = progress.and(decided.are("gates decided", GATES.len()));
        }
        Ok(progress)
    }
}
