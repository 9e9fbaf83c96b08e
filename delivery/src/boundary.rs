//! Boundaries: the points between two steps at which a crash must do no harm. Tests stop a process at
//! each of them; in production reaching one costs a branch.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

/// A point between two steps of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// The relay has leased rows and published none.
    RelayLeased,
    /// A message is confirmed; its row is there still.
    RelayConfirmed,
    /// The rows of confirmed messages are gone.
    RelayDeleted,
    /// A command's message arrived; nothing was done.
    CommandReceived,
    /// Claimed, not run.
    CommandClaimed,
    /// Run, not committed.
    CommandRan,
    /// Committed, not acknowledged.
    CommandCommitted,
    /// Acknowledged.
    CommandAcknowledged,
    /// An effect's message arrived; nothing was done.
    EffectReceived,
    /// The claim is committed, the work not begun.
    EffectClaimed,
    /// The work is done, and nothing says so.
    EffectWorked,
    /// Settled, not committed.
    EffectSettled,
    /// The settlement is committed, not acknowledged.
    EffectCommitted,
    /// Acknowledged.
    EffectAcknowledged,
    /// Timers are leased, none settled.
    SweepLeased,
    /// A timer is settled, not committed.
    SweepSettled,
    /// A timer's settlement is committed.
    SweepCommitted,
}

impl Boundary {
    /// Those of the relay.
    pub const RELAY: [Self; 3] = [Self::RelayLeased, Self::RelayConfirmed, Self::RelayDeleted];
    /// Those of a command's handler. In a batch each of its messages reaches each of them.
    pub const COMMAND: [Self; 5] = [
        Self::CommandReceived,
        Self::CommandClaimed,
        Self::CommandRan,
        Self::CommandCommitted,
        Self::CommandAcknowledged,
    ];
    /// Those of an effect's handler.
    pub const EFFECT: [Self; 6] = [
        Self::EffectReceived,
        Self::EffectClaimed,
        Self::EffectWorked,
        Self::EffectSettled,
        Self::EffectCommitted,
        Self::EffectAcknowledged,
    ];
    /// Those of a sweep.
    pub const SWEEP: [Self; 3] = [Self::SweepLeased, Self::SweepSettled, Self::SweepCommitted];
}

/// What reaches a boundary: the relay, by no name; a handler, by its message's kind; a sweep, by its name.
pub type Who<'a> = &'a str;

/// The relay's name at its boundaries.
pub(crate) const RELAY: Who<'static> = "";

type Hook = Arc<dyn Fn(Boundary, Who<'_>) -> BoxFuture<'static, ()> + Send + Sync>;

/// What happens at boundaries: nothing, unless a test says otherwise.
#[derive(Clone, Default)]
pub struct Faults(Option<Hook>);

impl Faults {
    /// Calls `hook` at every boundary and waits for it; a hook that never ends stops that task there.
    pub fn at(hook: impl Fn(Boundary, Who<'_>) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(crate) async fn reach(&self, boundary: Boundary, who: Who<'_>) {
        if let Some(hook) = &self.0 {
            hook(boundary, who).await;
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Faults(hooked)" } else { "Faults(none)" })
    }
}
