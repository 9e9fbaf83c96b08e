//! The root of subscriptions. They read the history by its own numbers; a hint only wakes them, so a
//! missed one delays an event and loses none.

mod reads;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use app::{App, Scope, query};
use async_graphql::{Context, ID, Subscription};
use domain::id::Id;
use futures_util::{Stream, TryStreamExt, stream};
use tokio::{sync::broadcast, time::Instant};
use uuid::Uuid;

pub(crate) use reads::Reads;

use crate::{
    error::{not_found, problem, unauthenticated},
    global_id::{Kind, expect},
    session::{Session, session},
    types::{
        event::VentureEvent,
        gate_run::GateRun,
        job::{self, Job},
    },
};

/// The longest that a change goes unseen when its hint was lost.
const POLL: Duration = Duration::from_secs(2);
/// The longest that a member who was removed, or a revoked token, keeps seeing events.
const REAUTHORISE: Duration = Duration::from_secs(5);

/// What can be watched, over WebSocket (graphql-transport-ws) or SSE.
pub struct Subscription;

/// What can be watched, over WebSocket (graphql-transport-ws) or SSE.
#[Subscription]
impl Subscription {
    /// A venture's history, each event once and in order: first those after `after` that are recorded
    /// already, then each as it happens. Resume with the last `sequence` seen, and nothing is missed.
    async fn venture_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] venture_id: ID,
        #[graphql(desc = "Events after this sequence number; 0 for all.", default = 0)] after: i64,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<VentureEvent>> + use<>> {
        let watch = Watch::start(ctx, Kind::Venture, &venture_id).await?;
        let events = Events { watch, after, reads: ctx.data::<Reads>()?.clone(), read: VecDeque::new() };
        Ok(stream::try_unfold(events, |mut events| async move { Ok(Some((events.next().await?, events))) }))
    }

    /// A gate run: as it is now, and again when it is decided or cancelled, which ends the stream.
    async fn gate_run_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The gate run.")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<GateRun>> + use<>> {
        Watch::gate_run(ctx, &id).await
    }

    /// A job: as it is now, and again whenever it has come further; its end ends the stream.
    async fn job_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Job>> + use<>> {
        session(ctx)?;
        match job::expect(&id)? {
            domain::job::Job::GateRun(_) => Ok(Watch::gate_run(ctx, &id).await?.map_ok(Job::GateRun)),
        }
    }
}

/// One caller watching one venture.
struct Watch {
    app: App,
    session: Session,
    scope: Scope,
    authorised: Instant,
    venture: Uuid,
    /// That of the venture, which never changes.
    portfolio: Uuid,
    hints: broadcast::Receiver<Uuid>,
}

/// A venture's events from a number on.
struct Events {
    watch: Watch,
    after: i64,
    reads: Reads,
    read: VecDeque<VentureEvent>,
}

impl Watch {
    /// Begins to watch; what the caller may not see is not found.
    async fn start(ctx: &Context<'_>, kind: Kind, id: &ID) -> async_graphql::Result<Self> {
        let session = session(ctx)?;
        let app = session.app().clone();
        let (scope, key) = (session.scope()?, expect(kind, id)?);
        // Before anything is read, so that no change falls between.
        let hints = app.hints().changes();
        let found = match kind {
            Kind::GateRun => {
                let run = query::gate_run(&app, &scope, Id::new(key)).await.map_err(|e| problem(&e))?;
                run.map(|run| (run.venture_id, run.portfolio_id))
            }
            _ => {
                let found = query::batch::ventures(&app, &scope, &[key]).await.map_err(|e| problem(&e))?;
                found.get(&key).map(|venture| (key, venture.portfolio_id.uuid()))
            }
        };
        let (venture, portfolio) = found.ok_or_else(|| not_found("the record"))?;
        let (session, authorised) = (session.clone(), Instant::now());
        Ok(Self { app, session, scope, authorised, venture, portfolio, hints })
    }

    /// A gate run as it is now, and once it has ended.
    async fn gate_run(
        ctx: &Context<'_>,
        id: &ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<GateRun>> + use<>> {
        let watch = Self::start(ctx, Kind::GateRun, id).await?;
        let state = (watch, expect(Kind::GateRun, id)?, 0);
        Ok(stream::try_unfold(state, |(mut watch, id, seen)| async move {
            let Some(run) = watch.gate_run_after(id, seen).await? else { return Ok(None) };
            let version = run.0.version;
            Ok(Some((run, (watch, id, version))))
        }))
    }

    /// Resolves when the venture may have changed.
    async fn changed(&mut self) {
        let hinted = async {
            loop {
                match self.hints.recv().await {
                    Ok(venture) if venture != self.venture => {}
                    _ => return,
                }
            }
        };
        // Timed out or not, the rows say what is new.
        drop(tokio::time::timeout(POLL, hinted).await);
    }

    /// Asks again who holds the token once the last answer is old, and at once when a sign-in that ends by itself
    /// is over. Whoever lost it is told, so that the end of their stream does not look like the end of what they
    /// watch.
    async fn authorise(&mut self) -> async_graphql::Result<()> {
        self.session.still_waited_for()?;
        if self.session.has_ended() {
            return Err(unauthenticated());
        }
        if self.authorised.elapsed() >= REAUTHORISE {
            let actor = self.session.authenticate_again().await.map_err(|e| problem(&e))?;
            self.scope = actor.ok_or_else(unauthenticated)?.scope();
            self.authorised = Instant::now();
        }
        if self.scope.reaches(self.portfolio) { Ok(()) } else { Err(not_found("the record")) }
    }

    async fn gate_run_after(&mut self, id: Uuid, seen: i64) -> async_graphql::Result<Option<GateRun>> {
        if seen >= 2 {
            // Version 2 is the last: decided or cancelled.
            return Ok(None);
        }
        loop {
            self.authorise().await?;
            let run = query::gate_run(&self.app, &self.scope, Id::new(id)).await.map_err(|e| problem(&e))?;
            let run = run.ok_or_else(|| not_found("the record"))?;
            if run.version > seen {
                return Ok(Some(GateRun(Arc::new(run))));
            }
            self.changed().await;
        }
    }
}

impl Events {
    /// The next one, however long it takes.
    async fn next(&mut self) -> async_graphql::Result<VentureEvent> {
        loop {
            self.watch.authorise().await?;
            if let Some(event) = self.read.pop_front() {
                self.after = event.0.sequence;
                return Ok(event);
            }
            let found = self.reads.after(&self.watch.app, self.watch.venture, self.after).await;
            self.read.extend(found.map_err(|e| problem(&e))?);
            if self.read.is_empty() {
                self.watch.changed().await;
            }
        }
    }
}
