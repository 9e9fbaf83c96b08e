//! What a worker is made of: handlers by message kind, and sweeps. Whoever is registered here brings an exercise.

use std::sync::Arc;

use app::messages::{Declaration, Message};

use crate::{
    command::{CommandHandler, Erased as ErasedCommand, Typed as TypedCommand},
    effect::{Effect, Erased as ErasedEffect, Typed as TypedEffect},
    exercise::{Exercised, Give},
    sweep::Sweep,
};

/// Handles one kind of message.
#[derive(Clone)]
pub struct Handler {
    pub(crate) message: Declaration,
    pub(crate) kind: String,
    pub(crate) work: Work,
    #[cfg_attr(not(feature = "exercises"), expect(dead_code, reason = "the tests alone begin exercises"))]
    give: Give,
}

/// How a message is handled.
#[derive(Clone)]
pub(crate) enum Work {
    /// In one transaction.
    Command(Arc<dyn ErasedCommand>),
    /// With work between two transactions.
    Effect(Arc<dyn ErasedEffect>),
}

impl Handler {
    /// Runs the command that the message carries.
    pub fn command<H: CommandHandler + Exercised>() -> Self {
        let work = Work::Command(Arc::new(TypedCommand::<H>::default()));
        Self::of::<H::Command>(work, Give::of::<H>())
    }

    /// Carries out the effect that the message asks for, with what it reaches the world by.
    pub fn effect<E: Effect + Exercised>(tools: E::Tools) -> Self {
        let work = Work::Effect(Arc::new(TypedEffect::<E>::new(tools)));
        Self::of::<E::Message>(work, Give::of::<E>())
    }

    fn of<M: Message>(work: Work, give: Give) -> Self {
        let message = Declaration::of::<M>();
        Self { message, kind: message.kind(), work, give }
    }

    /// The kind of message it handles.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The command handler, where several of its messages may be handled in one transaction.
    pub(crate) fn batched(&self) -> Option<&dyn ErasedCommand> {
        match &self.work {
            Work::Command(handler) => Some(&**handler).filter(|handler| handler.is_batched()),
            Work::Effect(_) => None,
        }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if matches!(self.work, Work::Command(_)) { "Command" } else { "Effect" };
        f.debug_tuple(name).field(&self.kind).finish()
    }
}

/// Settles the timers of one sweep.
#[derive(Clone)]
pub(crate) struct TimerHandler {
    pub(crate) sweep: Arc<dyn Sweep>,
    #[cfg_attr(not(feature = "exercises"), expect(dead_code, reason = "the tests alone begin exercises"))]
    give: Give,
}

/// The consumer of one queue.
#[derive(Clone)]
pub struct Worker {
    queue: &'static str,
    handlers: Vec<Handler>,
    timers: Vec<TimerHandler>,
}

/// Why a handler cannot be registered with a worker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Its message goes to another queue, so the handler would never be called.
    #[error(
        "the worker `{worker}` registers a handler of {kind}, which goes to the queue `{queue}`: register it with \
         the worker of that queue, or change `QUEUE` of the message"
    )]
    OtherQueue {
        /// The worker.
        worker: &'static str,
        /// The message.
        kind: String,
        /// The queue of the message.
        queue: &'static str,
    },
    /// Another handler of the worker would take its messages.
    #[error("the worker `{worker}` registers two handlers of {kind}")]
    Twice {
        /// The worker.
        worker: &'static str,
        /// The message.
        kind: String,
    },
}

impl Worker {
    /// A consumer of a queue, and the agent named in what it does.
    pub fn new(queue: &'static str) -> Self {
        Self { queue, handlers: Vec::new(), timers: Vec::new() }
    }

    /// With a handler of one of the queue's messages.
    ///
    /// # Errors
    /// When the message goes to another queue, or has a handler here.
    pub fn with_handler(mut self, handler: Handler) -> Result<Self, RegistrationError> {
        let (worker, kind, queue) = (self.queue, handler.kind.clone(), handler.message.queue);
        if queue != worker {
            return Err(RegistrationError::OtherQueue { worker, kind, queue });
        }
        if self.handlers.iter().any(|known| known.kind == kind) {
            return Err(RegistrationError::Twice { worker, kind });
        }
        self.handlers.push(handler);
        Ok(self)
    }

    /// With a sweep over timers.
    #[must_use]
    pub fn with_sweep<S: Sweep + Exercised + 'static>(mut self, sweep: S) -> Self {
        self.timers.push(TimerHandler { sweep: Arc::new(sweep), give: Give::of::<S>() });
        self
    }

    /// The queue, which is also the worker's name.
    pub fn queue(&self) -> &'static str {
        self.queue
    }

    /// The kinds of message that it handles.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.handlers.iter().map(Handler::kind)
    }

    pub(crate) fn handler(&self, kind: &str) -> Option<&Handler> {
        self.handlers.iter().find(|handler| handler.kind == kind)
    }

    pub(crate) fn has_messages(&self) -> bool {
        !self.handlers.is_empty()
    }

    pub(crate) fn has_batches(&self) -> bool {
        self.handlers.iter().any(|handler| handler.batched().is_some())
    }

    pub(crate) fn sweeps(&self) -> impl Iterator<Item = &Arc<dyn Sweep>> {
        self.timers.iter().map(|timer| &timer.sweep)
    }

    /// The exercises of everything that is registered with it.
    #[cfg(feature = "exercises")]
    pub fn exercises(&self) -> Vec<crate::exercise::Exercise> {
        use crate::{Boundary, exercise::Exercise};
        let handlers = self.handlers.iter().map(|handler| {
            let boundaries: &[_] = match handler.work {
                Work::Command(_) => &Boundary::COMMAND,
                Work::Effect(_) => &Boundary::EFFECT,
            };
            Exercise::new(handler.kind.clone(), boundaries, handler.give)
        });
        let timers = self
            .timers
            .iter()
            .map(|timer| Exercise::new(timer.sweep.name().to_owned(), &Boundary::SWEEP, timer.give));
        handlers.chain(timers).collect()
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sweeps: Vec<_> = self.sweeps().map(|sweep| sweep.name()).collect();
        let mut worker = f.debug_struct("Worker");
        worker.field("queue", &self.queue).field("handlers", &self.handlers).field("sweeps", &sweeps).finish()
    }
}
