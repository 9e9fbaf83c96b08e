//! Which queue takes which kinds of message. Every process declares all of it, so that a message written
//! before its worker was ever started waits in its queue.

use bus::{Queue, Topology};

/// `(queue, kinds)`. A worker binary has the name of its queue.
const QUEUES: &[(&str, &[&str])] = &[
    ("gate-validator", &["decide_gate.v1"]),
    ("metrics-collector", &["handle_webhook_event.v1"]),
    ("notifier", &["dispatch_webhooks.v1", "deliver_webhook.v1"]),
];

/// The system's queues in a namespace.
pub fn topology(namespace: &str) -> Topology {
    let queues = QUEUES.iter().map(|(name, kinds)| Queue::new(*name, kinds.iter().copied()));
    Topology::new(namespace, queues)
}
