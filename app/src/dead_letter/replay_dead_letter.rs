//! `replay_dead_letter`: a parked message goes back to the queue it came from, and its job is taken up again.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    refusal::Code,
};
use entity::dead_letter;
use schemars::JsonSchema;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryTrait};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
    job,
    messages::outbox::Draft,
    waiting,
};

/// The roles that operate a portfolio.
pub(crate) const OPERATORS: [&str; 2] = ["OPERATOR", "ADMIN"];

/// Sends a dead letter again, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplayDeadLetter {
    /// The letter.
    pub dead_letter_id: Id<kind::DeadLetter>,
}

/// A failed gate validation is to be done again: its message was replayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GateRunRequeued {
    /// The gate run.
    pub gate_run_id: Id<kind::GateRun>,
    /// Number of the stage.
    pub stage: u32,
    /// Key of the gate.
    pub gate: String,
}

impl Event for GateRunRequeued {
    const KIND: &'static str = "gate_run.requeued.v1";
}

#[async_trait]
impl Command for ReplayDeadLetter {
    const NAME: &'static str = "replay_dead_letter";
    const RIGHT: Right = Right::Platform(&OPERATORS);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<GateRunRequeued>()];
    const ACTS_ON: Option<Kind> = Some(Kind::DeadLetter);
    type Output = Id<kind::DeadLetter>;

    fn target(&self) -> Target {
        Target::record::<dead_letter::Model>(self.dead_letter_id)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        match standing.record::<dead_letter::Model>() {
            Some(letter) if letter.replayed_at.is_some() => {
                Err(Refusal::new(Code::AlreadyReplayed, "this message was replayed before"))
            }
            _ => Ok(()),
        }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        // The root's lock covers what its commands change of the letter; a letter without a job has its own.
        let letter =
            crate::record::lock::<dead_letter::Model>(cx.tx(), &cx.scope(), self.dead_letter_id).await?;
        if letter.replayed_at.is_some() {
            return Err(Refusal::new(Code::AlreadyReplayed, "this message was replayed before").into());
        }
        cx.send_draft(Draft {
            message_id: letter.message_id,
            kind: letter.kind,
            queue: Some(letter.queue),
            body: letter.body,
            headers: serde_json::from_value(letter.headers)?,
            attempt: 0,
            available_at: None,
        });
        let change = dead_letter::ActiveModel {
            replayed_at: Set(Some(cx.now())),
            replayed_by_id: Set(Some(person.uuid())),
            ..Default::default()
        };
        let id = dead_letter::Column::Id.eq(letter.id);
        cx.write(dead_letter::Entity::update_many().set(change).filter(id).into_query());
        let removed = waiting::replayed(cx, letter.id);
        cx.write(removed);
        if let (Some(kind), Some(id)) = (letter.job_kind.as_deref().and_then(Kind::named), letter.job_id) {
            job::requeue(cx, kind, id).await?;
        }
        Ok(self.dead_letter_id)
    }
}
