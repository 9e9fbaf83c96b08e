//! Mutations of jobs.

use app::commands;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::job;

use super::{Job, expect};
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, change},
    gate_run::GateRun,
    session::session,
};

/// Input of `cancelJob`.
#[derive(InputObject)]
pub(crate) struct CancelJob {
    /// Global id of the job.
    job_id: ID,
}

impl Input for CancelJob {
    type Command = commands::CancelJob;
    type Payload = CancelJobAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::CancelJob, NotRun> {
        Ok(commands::CancelJob { job: expect(&self.job_id)? })
    }
}

/// What `cancelJob` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct CancelJobAnswer {
    /// The job after the change. Null when the mutation was refused.
    job: Option<Job>,
}

impl Payload<commands::CancelJob> for CancelJobAnswer {
    async fn read(ctx: &Context<'_>, command: &commands::CancelJob, (): ()) -> async_graphql::Result<Self> {
        let job::Job::GateRun(id) = command.job;
        let run: Option<GateRun> = session(ctx)?.find(id.uuid()).await?;
        Ok(Self { job: run.map(Job::GateRun) })
    }
}

/// Mutations of jobs.
#[derive(Default)]
pub(crate) struct JobMutation;

/// Mutations of jobs.
#[Object]
impl JobMutation {
    /// Cancels a job that has not ended. Allowed for the person who requested the job, and for the roles that the
    /// playbook names for `cancel_job`.
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] input: Keyed<CancelJob>,
    ) -> Changed<CancelJob> {
        change(ctx, input).await
    }
}
