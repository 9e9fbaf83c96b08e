//! Subscriptions to gate runs.

use std::sync::Arc;

use app::query;
use async_graphql::{Context, ID, Subscription};
use domain::{RootId, id::Id, job::Status};
use futures_util::{Stream, stream};
use uuid::Uuid;

use super::GateRun;
use crate::{
    error::{not_found, problem},
    global_id::{Kind, expect},
    session::session,
    subscription::Watch,
};

/// Subscriptions to gate runs.
#[derive(Default)]
pub(crate) struct GateRunSubscription;

/// Subscriptions to gate runs.
#[Subscription]
impl GateRunSubscription {
    /// Sends a gate run as it is now, and again whenever it changes. The stream ends when the run is decided or cancelled. A
    /// run that failed can be replayed, so its stream goes on.
    async fn gate_run_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the gate run.")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<GateRun>> + use<>> {
        updates(ctx, &id).await
    }
}

/// A gate run as it is now, and once more when it has ended.
pub(crate) async fn updates(
    ctx: &Context<'_>,
    id: &ID,
) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<GateRun>> + use<>> {
    let session = session(ctx)?;
    let key = expect(Kind::GateRun, id)?;
    // Watched before anything is read, so that no change falls between.
    let watch = Watch::start(session, async {
        let run = query::gate_run(session.app(), &session.scope()?, Id::new(key)).await;
        Ok(run
            .map_err(|e| problem(&e))?
            .map(|run| (RootId::of(run.portfolio_id, run.venture_id), run.portfolio_id)))
    });
    let state = (watch.await?, key, 0);
    Ok(stream::try_unfold(state, |(mut watch, id, seen)| async move {
        let Some(run) = after(&mut watch, id, seen).await? else { return Ok(None) };
        let ended = matches!(*run.0.status, Status::Succeeded | Status::Cancelled);
        let seen = if ended { i64::MAX } else { run.0.version };
        Ok(Some((run, (watch, id, seen))))
    }))
}

/// The run once it has a later version than `seen`; none when no version follows.
async fn after(watch: &mut Watch, id: Uuid, seen: i64) -> async_graphql::Result<Option<GateRun>> {
    if seen == i64::MAX {
        return Ok(None);
    }
    loop {
        watch.authorise().await?;
        let run = query::gate_run(watch.app(), watch.scope(), Id::new(id)).await.map_err(|e| problem(&e))?;
        let run = run.ok_or_else(|| not_found("the record"))?;
        if run.version > seen {
            return Ok(Some(GateRun(Arc::new(run))));
        }
        watch.changed().await;
    }
}
