//! Watching a root. A subscription reads rows; a hint only wakes it, so a hint that is lost delays an event and loses
//! none.

use std::time::Duration;

use app::{Actor, App, Scope, hints::Change};
use domain::RootId;
use tokio::{sync::broadcast, time::Instant};
use uuid::Uuid;

use crate::{
    error::{not_found, problem, unauthenticated},
    session::Session,
};

/// The longest time that a change goes unseen when its hint was lost.
const POLL: Duration = Duration::from_secs(2);
/// The longest time that a removed member, or the holder of a revoked token, keeps seeing events.
const REAUTHORISE: Duration = Duration::from_secs(5);

/// A caller whose subscription runs.
pub(crate) struct Caller {
    session: Session,
    actor: Actor,
    authorised: Instant,
}

impl Caller {
    pub(crate) fn of(session: &Session) -> async_graphql::Result<Self> {
        Ok(Self { session: session.clone(), actor: session.actor()?.clone(), authorised: Instant::now() })
    }

    /// Who it is, as of the last [`Caller::authorise`].
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Fails when the caller is no longer signed in. Reads the token again when the last answer is older than
    /// [`REAUTHORISE`], and refuses a sign-in that has expired at once. The error tells the caller that the stream
    /// did not end because the record did.
    pub(crate) async fn authorise(&mut self) -> async_graphql::Result<()> {
        self.session.still_waited_for()?;
        if self.session.has_ended() {
            return Err(unauthenticated());
        }
        if self.authorised.elapsed() >= REAUTHORISE {
            let actor = self.session.authenticate_again().await.map_err(|e| problem(&e))?;
            self.actor = actor.ok_or_else(unauthenticated)?;
            self.authorised = Instant::now();
        }
        Ok(())
    }
}

/// One caller watching one root.
pub(crate) struct Watch {
    app: App,
    caller: Caller,
    scope: Scope,
    root: RootId,
    /// The root's portfolio, which never changes.
    portfolio: Uuid,
    hints: broadcast::Receiver<Change>,
}

impl Watch {
    /// Begins to watch the root that `find` finds, with its portfolio. Hints are kept from before `find` reads.
    pub(crate) async fn start(
        session: &Session,
        find: impl Future<Output = async_graphql::Result<Option<(RootId, Uuid)>>>,
    ) -> async_graphql::Result<Self> {
        let app = session.app().clone();
        let (caller, scope, hints) = (Caller::of(session)?, session.scope()?, app.hints().changes());
        let (root, portfolio) = find.await?.ok_or_else(|| not_found("the record"))?;
        Ok(Self { app, caller, scope, root, portfolio, hints })
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The portfolios that the caller may read, as of the last [`Watch::authorise`].
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The root that is watched.
    pub(crate) fn root(&self) -> RootId {
        self.root
    }

    /// Resolves when the root may have changed.
    pub(crate) async fn changed(&mut self) {
        let hinted = async {
            loop {
                match self.hints.recv().await {
                    Ok(change) if change.root != self.root => {}
                    _ => return,
                }
            }
        };
        // Timed out or not, the rows say what is new.
        drop(tokio::time::timeout(POLL, hinted).await);
    }

    /// The next root of the portfolio that is watched that changed; none when some were missed.
    pub(crate) async fn changed_within(&mut self) -> Option<RootId> {
        loop {
            match self.hints.recv().await {
                Ok(change) if change.portfolio.uuid() == self.portfolio => return Some(change.root),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Fails when the caller may no longer watch.
    pub(crate) async fn authorise(&mut self) -> async_graphql::Result<()> {
        self.caller.authorise().await?;
        self.scope = self.caller.actor().scope();
        if self.scope.reaches(self.portfolio) { Ok(()) } else { Err(not_found("the record")) }
    }
}
