//! `app` and `bus` joined, once: how what a command wrote reaches a worker, and how a worker handles it.
//!
//! A [`Node`] is one process's part: a relay from the outbox to the bus, and for each [`Worker`] its
//! consumers and sweeps. The guarantees are the same on both transports and hold across a kill at any
//! [`Boundary`]. What a message means is not known here.
//!
//! Three kinds of handler, and no fourth:
//! - a *command* claims its message, runs and commits in one transaction, then acknowledges;
//! - an *effect* claims its message in one transaction, works outside any, and settles in another;
//! - a *sweep* takes up timers that are due and settles each in a transaction of its own.

mod batch;
mod boundary;
mod command;
mod connect;
mod consumer;
mod effect;
pub mod exercise;
mod failure;
mod handler;
mod node;
mod relay;
mod settings;
mod sweep;
mod topology;

pub use boundary::{Boundary, Faults, Who};
pub use bus;
pub use command::CommandHandler;
pub use connect::{Backend, ConnectError, Probe, check, open_bus, open_database, readiness};
pub use effect::{Effect, WorkError, Working};
pub use handler::{Handler, RegistrationError, Worker};
pub use node::{Node, Running};
pub use settings::Settings;
pub use sweep::{Next, Sweep};
pub use topology::topology;
