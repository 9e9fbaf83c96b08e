//! `park_message`: a message that could not be handled is kept among the dead letters, and its job has failed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::id::{Id, kind};
use entity::dead_letter;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryTrait,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id, job,
    messages::outbox::{JOB_HEADER, PORTFOLIO_HEADER},
    target::Place,
    waiting,
};

/// Keeps a message that could not be handled; once, however often it is delivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParkMessage {
    /// The queue it came from.
    pub queue: String,
    /// Its id.
    pub message_id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its body, as it came.
    pub body: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// How often it was tried.
    pub attempts: u32,
    /// What kind of failure it was.
    pub code: String,
    /// Why, for a person.
    pub reason: String,
    /// Whether it is parked without its job: the job is not there.
    pub without_job: bool,
}

/// A gate validation failed: its message could not be handled and is kept among the dead letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GateRunFailed {
    /// The gate run.
    pub gate_run_id: Id<kind::GateRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Key of the gate.
    pub gate: String,
    /// What kind of error it was.
    pub error_code: String,
}

impl Event for GateRunFailed {
    const KIND: &'static str = "gate_run.failed.v1";
}

#[async_trait]
impl Command for ParkMessage {
    const NAME: &'static str = "park_message";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<GateRunFailed>()];
    type Output = ();

    fn target(&self) -> Target {
        let job = self.headers.get(JOB_HEADER).filter(|_| !self.without_job);
        let job = job.and_then(|id| global_id::decode(id)).and_then(|(kind, id)| job::record(kind, id));
        let portfolio = self.headers.get(PORTFOLIO_HEADER).and_then(|id| id.parse::<Uuid>().ok());
        match (job, portfolio) {
            (Some(record), _) => Target::of(Place::Record(record)),
            (None, Some(portfolio)) if !self.without_job => Target::within(Id::new(portfolio)),
            _ => Target::platform(),
        }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let parked = dead_letter::Entity::find()
            .filter(dead_letter::Column::Queue.eq(&self.queue))
            .filter(dead_letter::Column::MessageId.eq(self.message_id))
            .filter(dead_letter::Column::ReplayedAt.is_null());
        if parked.count(cx.tx()).await? > 0 {
            return Ok(());
        }
        let letter = dead_letter::Model {
            id: cx.id::<kind::DeadLetter>().uuid(),
            queue: self.queue.clone(),
            message_id: self.message_id,
            kind: self.kind.clone(),
            body: self.body.clone(),
            headers: serde_json::to_value(&self.headers)?,
            attempts: i32::try_from(self.attempts).unwrap_or(i32::MAX),
            reason: self.reason.clone(),
            portfolio_id: cx.portfolio_id().ok().map(Id::uuid),
            venture_id: cx.venture().ok().map(|venture| venture.id.uuid()),
            job_kind: cx.record_id().map(|record| record.kind.name().to_owned()),
            job_id: cx.record_id().map(|record| record.id),
            parked_at: cx.now(),
            replayed_at: None,
            replayed_by_id: None,
        };
        if let Some(rows) = waiting::parked(cx, &letter) {
            cx.write(rows);
        }
        cx.write(dead_letter::Entity::insert(letter.into_active_model().reset_all()).into_query());
        match cx.record_id() {
            Some(job) => job::fail(cx, job.kind, &self.code, &self.reason).await,
            None => Ok(()),
        }
    }
}
