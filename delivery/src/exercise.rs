//! What each handler brings along to be tested by: an exercise, which gives it work and tells how much of the
//! work was done. The tests of crashes, duplicates and outages run the exercises of every registered handler,
//! so a new handler is tested by being registered.
//!
//! Without the feature `exercises`, which the tests alone ask for, [`Exercised`] asks for nothing, and no binary
//! carries an exercise.

#[cfg(feature = "exercises")]
mod work;

#[cfg(feature = "exercises")]
pub use work::{Exercise, Exercised, Happened, Progress, Work, World};

#[cfg(feature = "exercises")]
pub(crate) use work::Give;

/// A handler that brings its exercise.
#[cfg(not(feature = "exercises"))]
pub trait Exercised {}

#[cfg(not(feature = "exercises"))]
impl<H> Exercised for H {}

/// How a handler's exercise is begun; nothing without the feature.
#[cfg(not(feature = "exercises"))]
#[derive(Clone, Copy)]
pub(crate) struct Give;

#[cfg(not(feature = "exercises"))]
impl Give {
    pub(crate) const fn of<H: Exercised>() -> Self {
        Self
    }
}
