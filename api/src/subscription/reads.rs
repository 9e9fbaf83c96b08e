//! Reads of histories that are under way: those who were woken together by one event read it once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::{App, Scope, query};
use domain::id::Id;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use uuid::Uuid;

use crate::types::event::VentureEvent;

/// Events read at once.
const BATCH: u64 = 100;
/// How many reads are kept in mind before those that everybody left are forgotten.
const MANY: usize = 1_024;

/// What a read gave; its error is everybody's who waited for it.
type Outcome = Result<Vec<VentureEvent>, Arc<app::Error>>;
type Read = BoxFuture<'static, Outcome>;
/// By venture and the number after which they read. Those who wait own a read: one that everybody left ends,
/// and gives its connection back.
type UnderWay = HashMap<(Uuid, i64), WeakShared<Read>>;

/// Reads under way.
#[derive(Clone, Default)]
pub(crate) struct Reads(Arc<Mutex<UnderWay>>);

impl Reads {
    /// A venture's events after a number, oldest first; whoever asks holds them to their own scope.
    pub(super) async fn after(&self, app: &App, venture: Uuid, after: i64) -> Outcome {
        loop {
            let (read, joined) = self.join_or_begin(app, (venture, after));
            let outcome = read.await;
            // One that had begun before we were woken may have missed what woke us.
            if !joined || outcome.as_ref().map_or(true, |events| !events.is_empty()) {
                return outcome;
            }
        }
    }

    /// The read of this key, and whether it was under way.
    fn join_or_begin(&self, app: &App, key: (Uuid, i64)) -> (Shared<Read>, bool) {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = under_way.get(&key).and_then(WeakShared::upgrade) {
            return (read, true);
        }
        if under_way.len() > MANY {
            under_way.retain(|_, read| read.upgrade().is_some());
        }
        let (reads, app) = (self.clone(), app.clone());
        let read = async move {
            let found = query::history(&app, &Scope::All, Id::new(key.0), key.1, BATCH).await;
            reads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            Ok(found.map_err(Arc::new)?.into_iter().map(Arc::new).map(VentureEvent).collect())
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
        let key = (world.venture("Watched").await.uuid(), 0);
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
