//! Exercises as the tests see them: the world that they are given in, and the work that was given.

use app::{App, Error};
use async_trait::async_trait;
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::Value;
use uuid::Uuid;

use crate::Boundary;

/// A system with a playbook in it, as an exercise sees it.
#[async_trait]
pub trait World: Send + Sync {
    /// The application, for commands and queries.
    fn app(&self) -> &App;

    /// URL of a receiver of webhooks. It refuses every webhook the first time and takes it the second time.
    fn receiver(&self) -> &str;

    /// How many webhooks with this id the receiver has taken.
    fn received(&self, webhook_id: &str) -> usize;

    /// The history of a root, in the order of its numbers.
    async fn history(&self, root: Uuid) -> Result<Vec<Happened>, Error>;

    /// How often the command is on record with this record, or this root, as its target.
    async fn recorded(&self, command: &str, record: Uuid) -> Result<usize, Error>;
}

/// An event in the history of a root.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// Its number.
    pub sequence: i64,
    /// Its wire name.
    pub kind: String,
    /// What happened.
    pub body: Value,
}

/// A handler that brings its exercise.
#[async_trait]
pub trait Exercised {
    /// Gives the handler something to do. The database may go away in between: the caller forgets what was given
    /// by halves and asks again.
    async fn exercise(world: &dyn World) -> Result<Box<dyn Work>, Error>;
}

/// Work that a handler was given.
#[async_trait]
pub trait Work: Send + Sync {
    /// How much of it was done. Asked again when nothing is under way any more, it must still answer
    /// [`Progress::Done`]: everything was done once, and nothing twice.
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error>;
}

/// How much of a work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something is missing, which is to come yet.
    UnderWay(String),
    /// Everything was done once.
    Done,
    /// Something was done twice, or not as it should have been.
    Wrong(String),
}

impl Progress {
    /// Of something that is to be there exactly `wanted` times.
    pub fn count(what: &str, seen: usize, wanted: usize) -> Self {
        let said = || format!("{what}: {seen} of {wanted}");
        match seen.cmp(&wanted) {
            std::cmp::Ordering::Less => Self::UnderWay(said()),
            std::cmp::Ordering::Equal => Self::Done,
            std::cmp::Ordering::Greater => Self::Wrong(said()),
        }
    }

    /// Both: wrong when one is wrong, done when both are done.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Wrong(why), _) | (_, Self::Wrong(why)) => Self::Wrong(why),
            (Self::UnderWay(what), _) | (_, Self::UnderWay(what)) => Self::UnderWay(what),
            (Self::Done, Self::Done) => Self::Done,
        }
    }
}

/// Work on its way to a handler.
type Giving<'a> = BoxFuture<'a, Result<Box<dyn Work>, Error>>;

/// How a handler's exercise is begun.
#[derive(Clone, Copy)]
pub(crate) struct Give(for<'a> fn(&'a dyn World) -> Giving<'a>);

impl Give {
    pub(crate) fn of<H: Exercised>() -> Self {
        Self(|world| H::exercise(world).boxed())
    }
}

/// A registered handler's exercise.
#[derive(Clone)]
pub struct Exercise {
    /// The handler: the kind of its message, or the name of the sweep.
    pub handler: String,
    /// Where a crash of this handler must do no harm.
    pub boundaries: &'static [Boundary],
    give: Give,
}

impl Exercise {
    pub(crate) fn new(handler: String, boundaries: &'static [Boundary], give: Give) -> Self {
        Self { handler, boundaries, give }
    }

    /// Gives the handler something to do.
    pub async fn give(&self, world: &dyn World) -> Result<Box<dyn Work>, Error> {
        (self.give.0)(world).await
    }
}

impl std::fmt::Debug for Exercise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Exercise").field(&self.handler).finish()
    }
}
