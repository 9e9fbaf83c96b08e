//! Subscriptions to jobs.

use async_graphql::{Context, ID, Subscription};
use futures_util::{Stream, TryStreamExt};

use super::{Job, expect};
use crate::{gate_run, session::session};

/// Subscriptions to jobs.
#[derive(Default)]
pub(crate) struct JobSubscription;

/// Subscriptions to jobs.
#[Subscription]
impl JobSubscription {
    /// Sends a job as it is now, and again after each change. The stream ends when the job has ended.
    async fn job_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the job.")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Job>> + use<>> {
        session(ctx)?;
        match expect(&id)? {
            domain::job::Job::GateRun(_) => Ok(gate_run::updates(ctx, &id).await?.map_ok(Job::GateRun)),
        }
    }
}
