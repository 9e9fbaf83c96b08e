//! The system's queues. They follow from its messages: each says the queue that takes it.

use std::collections::BTreeMap;

use app::messages;
use bus::{Queue, Topology};

/// The queues of every message in a namespace.
pub fn topology(namespace: &str) -> Topology {
    let mut kinds = BTreeMap::<&str, Vec<String>>::new();
    for message in &messages::ALL {
        kinds.entry(message.queue).or_default().push(message.kind());
    }
    Topology::new(namespace, kinds.into_iter().map(|(queue, kinds)| Queue::new(queue, kinds)))
}
