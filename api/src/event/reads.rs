//! Reads of histories that are under way: subscriptions that one event woke together share one read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::{App, Scope, query};
use domain::RootId;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use super::Event;

/// Events read at once.
const BATCH: u64 = 100;
/// Number of reads above which those that nobody waits for are forgotten.
const MANY: usize = 1_024;

/// Result of a read. All who wait share it, its error too.
type Outcome = Result<Vec<Event>, Arc<app::Error>>;
type Read = BoxFuture<'static, Outcome>;
/// By root and the sequence number after which they read. Those who wait own a read: when the last of them leaves,
/// the read ends and gives its connection back.
type UnderWay = HashMap<(RootId, i64), WeakShared<Read>>;

/// Reads under way.
#[derive(Clone, Default)]
pub(crate) struct Reads(Arc<Mutex<UnderWay>>);

impl Reads {
    /// A root's events after a sequence number, oldest first. The scope is the caller's to check.
    pub(super) async fn after(&self, app: &App, root: RootId, after: i64) -> Outcome {
        loop {
            let (read, joined) = self.join_or_begin(app, (root, after));
            let outcome = read.await;
            // A reads, the event commits, B is woken and joins A's read: that read may not have the event. B reads
            // again unless the read has events.
            if !joined || outcome.as_ref().map_or(true, |events| !events.is_empty()) {
                return outcome;
            }
        }
    }

    /// The read under this key, and whether it was under way already.
    fn join_or_begin(&self, app: &App, key: (RootId, i64)) -> (Shared<Read>, bool) {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = under_way.get(&key).and_then(WeakShared::upgrade) {
            return (read, true);
        }
        if under_way.len() > MANY {
            under_way.retain(|_, read| read.upgrade().is_some());
        }
        let (reads, app) = (self.clone(), app.clone());
        let read = async move {
            let found = query::history(&app, &Scope::All, key.0, key.1, BATCH).await;
            reads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            Ok(found.map_err(Arc::new)?.into_iter().map(Arc::new).map(Event).collect())
        };
        let read = read.boxed().shared();
        under_way.extend(read.downgrade().map(|read| (key, read)));
        (read, false)
    }
}

#[cfg(test)]
mod tests {
    use testing::{
        database::Kind,
        world::{Transport, World},
    };

    use super::*;

    #[tokio::test]
    async fn those_who_ask_together_share_a_read_and_who_comes_later_has_another() {
        let world = World::create(Kind::Sqlite, Transport::InProcess).await;
        let key = (RootId::from(world.venture("Watched").await), 0);
        let reads = Reads::default();
        let (first, joined) = reads.join_or_begin(&world.app, key);
        assert!(!joined);
        let (second, joined) = reads.join_or_begin(&world.app, key);
        assert!(joined, "it is under way");
        assert!(!reads.join_or_begin(&world.app, (key.0, 1)).1, "after another number is another read");
        let (first, second) = futures_util::join!(first, second);
        let sequences = |outcome: Outcome| -> Vec<i64> {
            outcome.unwrap().iter().map(|event| event.0.sequence).collect()
        };
        assert_eq!(sequences(first), [1, 2]);
        assert_eq!(sequences(second), [1, 2]);
        let (later, joined) = reads.join_or_begin(&world.app, key);
        assert!(!joined, "what has ended is not read from");
        drop(later);
        assert!(!reads.join_or_begin(&world.app, key).1, "nor what everybody left");
    }
}
