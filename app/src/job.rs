//! Jobs: what is asked for now and done later by a worker. Any table with the columns of a job takes part: its kind is
//! named once, in [`KINDS`].
//!
//! A job whose message is parked has FAILED, with the error; replaying the message takes it up again.

pub(crate) mod cancel_job;
pub mod list;

use chrono::{DateTime, Utc};
use domain::{id::Id, job::Status};
use entity::{Name, gate_run};
use sea_orm::{
    ColumnTrait,
    sea_query::{Alias, Expr, ExprTrait, UpdateStatement},
};
use uuid::Uuid;

use crate::{
    Context, Error,
    command::commands,
    context::Write,
    dead_letter::{park_message::GateRunFailed, replay_dead_letter::GateRunRequeued},
    global_id::Kind,
    record::{Record, RecordId},
    store::corrupt,
};

commands! {
    cancel_job { CancelJob }
}

/// A table with the columns of a job: `status`, `requested_by_id`, `requested_at`, `started_at`, `finished_at`,
/// `error_code`, `error_message` and `version`.
pub(crate) trait Job: Record {
    /// How far it is.
    fn status(&self) -> Status;

    /// Records on its root that it failed.
    async fn failed(&self, cx: &mut Context<'_>, code: &str) -> Result<(), Error>;

    /// Records on its root that it is to be done again.
    async fn requeued(&self, cx: &mut Context<'_>) -> Result<(), Error>;
}

impl Job for gate_run::Model {
    fn status(&self) -> Status {
        *self.status
    }

    async fn failed(&self, cx: &mut Context<'_>, code: &str) -> Result<(), Error> {
        cx.take_stage_run(Id::new(self.stage_run_id)).await?;
        cx.stage_run_mut()?.settle(&self.gate, self.requested_at, None);
        let (gate_run_id, gate) = (Id::new(self.id), self.gate.clone());
        cx.emit(GateRunFailed { gate_run_id, stage: stage(self)?, gate, error_code: code.to_owned() });
        Ok(())
    }

    async fn requeued(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.take_stage_run(Id::new(self.stage_run_id)).await?;
        cx.stage_run_mut()?.queue(&self.gate, Id::new(self.id));
        cx.emit(GateRunRequeued {
            gate_run_id: Id::new(self.id),
            stage: stage(self)?,
            gate: self.gate.clone(),
        });
        Ok(())
    }
}

fn stage(run: &gate_run::Model) -> Result<u32, Error> {
    u32::try_from(run.stage).map_err(|_| corrupt("a negative stage"))
}

/// The job of a kind and id; none when the kind is no job's.
pub(crate) fn record(kind: Kind, id: Uuid) -> Option<RecordId> {
    (kind == <gate_run::Model as Record>::KIND).then(|| RecordId::of::<gate_run::Model>(Id::new(id)))
}

/// Marks the job that the command is about as failed, unless it has ended.
pub(crate) async fn fail(cx: &mut Context<'_>, kind: Kind, code: &str, message: &str) -> Result<(), Error> {
    if kind == <gate_run::Model as Record>::KIND {
        return fail_row(cx, cx.record_row::<gate_run::Model>()?.clone(), code, message).await;
    }
    Ok(())
}

/// Takes up the job that the command is about again, if it has failed.
pub(crate) async fn requeue(cx: &mut Context<'_>, kind: Kind, id: Uuid) -> Result<(), Error> {
    if kind == <gate_run::Model as Record>::KIND {
        let scope = cx.scope();
        let row = crate::record::find::<gate_run::Model>(cx.tx(), &scope, Id::new(id)).await?;
        return requeue_row(cx, row).await;
    }
    Ok(())
}

async fn fail_row<J: Job>(cx: &mut Context<'_>, job: J, code: &str, message: &str) -> Result<(), Error> {
    if job.status().is_over() {
        return Ok(());
    }
    let error = Some((code.to_owned(), message.to_owned()));
    let change = mark::<J>(job.id(), Status::Failed, error, Some(cx.now()));
    cx.write(Write::Update(change));
    job.failed(cx, code).await
}

async fn requeue_row<J: Job>(cx: &mut Context<'_>, job: J) -> Result<(), Error> {
    if job.status() != Status::Failed {
        return Ok(());
    }
    let change = mark::<J>(job.id(), Status::Queued, None, None);
    cx.write(Write::Update(change));
    job.requeued(cx).await
}

/// Writes the columns of a job, whatever its table.
fn mark<J: Job>(
    id: Uuid,
    status: Status,
    error: Option<(String, String)>,
    finished_at: Option<DateTime<Utc>>,
) -> UpdateStatement {
    let (code, message) = error.unzip();
    let version = Alias::new("version");
    let values: [(Alias, Expr); 5] = [
        (Alias::new("status"), Expr::val(Name(status))),
        (Alias::new("error_code"), Expr::val(code)),
        (Alias::new("error_message"), Expr::val(message)),
        (Alias::new("finished_at"), Expr::val(finished_at)),
        (version.clone(), Expr::col(version).add(1)),
    ];
    UpdateStatement::new().table(J::Entity::default()).values(values).and_where(J::ID.eq(id)).to_owned()
}
