//! The tables by which messages are neither lost nor handled twice: outbox, inbox and timers. Dead letters are a
//! feature of their own. How messages travel is `bus`'s business; when these are called is `delivery`'s.

pub mod due;
pub mod inbox;
pub mod outbox;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    commands::{DecideGate, DispatchWebhooks, StopWebhookEndpoint},
    record::RecordId,
    webhook_endpoint::message::DeliverWebhook,
    webhook_source::acting::HandleWebhookEvent,
};

/// What a message carries, as the JSON of its body: a command to be run, or work to be done in the world.
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in snake case; with `.v1`, the message's kind.
    const NAME: &'static str;
    /// The queue that takes it, one of [`queues`]: named like the worker that handles it.
    const QUEUE: &'static str;

    /// The job that it is to do: should the message be parked, the job has failed.
    fn job(&self) -> Option<RecordId> {
        None
    }
}

/// The queues. A worker and its binary have the name of their queue.
pub mod queues {
    /// Gate runs that wait for their verdict.
    pub const GATE_VALIDATOR: &str = "gate-validator";
    /// What webhook endpoints are told.
    pub const NOTIFIER: &str = "notifier";
    /// What webhook sources sent.
    pub const WEBHOOK_HANDLER: &str = "webhook-handler";
}

/// A message's name and queue, without its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    name: &'static str,
    /// The queue that takes it.
    pub queue: &'static str,
}

/// Every message of the system. Each process declares all their queues, whether it handles them or not, so that
/// a message written before its worker was ever started waits in its queue.
pub const ALL: [Declaration; 5] = [
    Declaration::of::<DecideGate>(),
    Declaration::of::<DeliverWebhook>(),
    Declaration::of::<DispatchWebhooks>(),
    Declaration::of::<HandleWebhookEvent>(),
    Declaration::of::<StopWebhookEndpoint>(),
];

impl Declaration {
    /// What `M` says of itself.
    pub const fn of<M: Message>() -> Self {
        Self { name: M::NAME, queue: M::QUEUE }
    }

    /// The message's kind, such as `decide_gate.v1`.
    pub fn kind(&self) -> String {
        format!("{}.v1", self.name)
    }
}

/// The kind of the messages that carry `M`.
pub fn kind_of<M: Message>() -> String {
    Declaration::of::<M>().kind()
}
