//! What a worker is made of: handlers by message kind, and sweeps.

use std::sync::Arc;

use app::Command;

use crate::{
    command::{Erased as ErasedCommand, Typed as TypedCommand},
    effect::{Effect, Erased as ErasedEffect, Typed as TypedEffect},
    sweep::Sweep,
};

/// Handles one kind of message.
#[derive(Clone)]
pub enum Handler {
    /// In one transaction.
    Command(Arc<dyn ErasedCommand>),
    /// With work between two transactions.
    Effect(Arc<dyn ErasedEffect>),
}

impl Handler {
    /// Runs the command that the message carries.
    pub fn command<C: Command>() -> Self {
        Self::Command(Arc::new(TypedCommand::<C>::default()))
    }

    /// Carries out the effect that the message carries, with what it reaches the world by.
    pub fn effect<E: Effect>(tools: E::Tools) -> Self {
        Self::Effect(Arc::new(TypedEffect::<E>::new(tools)))
    }

    /// The kind of message it handles.
    pub fn kind(&self) -> String {
        match self {
            Self::Command(handler) => handler.kind(),
            Self::Effect(handler) => handler.kind(),
        }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if matches!(self, Self::Command(_)) { "Command" } else { "Effect" };
        f.debug_tuple(name).field(&self.kind()).finish()
    }
}

/// The consumer of one queue.
#[derive(Clone)]
pub struct Worker {
    /// The queue, and the agent named in what it does.
    pub queue: &'static str,
    /// What it does with messages.
    pub handlers: Vec<Handler>,
    /// What it does with timers.
    pub sweeps: Vec<Arc<dyn Sweep>>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sweeps: Vec<_> = self.sweeps.iter().map(|sweep| sweep.name()).collect();
        let mut worker = f.debug_struct("Worker");
        worker.field("queue", &self.queue).field("handlers", &self.handlers).field("sweeps", &sweeps).finish()
    }
}
