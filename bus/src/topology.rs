//! Which queues there are and which kinds each takes, and the names both transports derive from that.

/// The ending of a poison queue's short name.
const POISON_SUFFIX: &str = ".poison";

/// One queue: one kind of worker reads it, as many processes as are started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Short name, without the namespace: `gate-validator`.
    pub name: String,
    /// The kinds delivered to it, each spelled out (no wildcards).
    pub kinds: Vec<String>,
}

/// Everything a process must find on the broker before it may publish or consume.
///
/// Every process of a namespace declares the whole topology with the same limits: the broker refuses a
/// queue that exists with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Prefix of every exchange and queue.
    pub namespace: String,
    /// The queues; each gets a poison queue beside it.
    pub queues: Vec<Queue>,
    /// How often a message may come back unacknowledged; once more and it moves to the poison queue.
    pub delivery_limit: u32,
    /// How many messages a queue holds before publishes to it are rejected.
    pub max_length: u32,
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            namespace: "venturi".to_owned(),
            queues: Vec::new(),
            delivery_limit: 50,
            max_length: 1_000_000,
        }
    }
}

impl Queue {
    /// A queue by its short name and the kinds it takes.
    pub fn new<K: Into<String>>(name: impl Into<String>, kinds: impl IntoIterator<Item = K>) -> Self {
        Self { name: name.into(), kinds: kinds.into_iter().map(Into::into).collect() }
    }
}

impl Topology {
    /// These queues in this namespace, with the default limits.
    pub fn new(namespace: impl Into<String>, queues: impl IntoIterator<Item = Queue>) -> Self {
        Self { namespace: namespace.into(), queues: queues.into_iter().collect(), ..Self::default() }
    }

    /// The short name of a queue's poison queue.
    pub fn poison_name(queue: &str) -> String {
        format!("{queue}{POISON_SUFFIX}")
    }

    /// The exchange every message is published to.
    pub(crate) fn messages_exchange(&self) -> String {
        format!("{}.messages", self.namespace)
    }

    /// The exchange the broker moves poisonous messages through.
    pub(crate) fn poison_exchange(&self) -> String {
        format!("{}.poison", self.namespace)
    }

    /// The exchange wakes fan out from.
    pub(crate) fn wakes_exchange(&self) -> String {
        format!("{}.wakes", self.namespace)
    }

    /// A queue's name on the broker.
    pub(crate) fn qualified(&self, queue: &str) -> String {
        format!("{}.{queue}", self.namespace)
    }

    /// The queue a short name belongs to, whether it names the queue or its poison queue.
    pub(crate) fn owner_of(&self, name: &str) -> Option<&Queue> {
        let owner = name.strip_suffix(POISON_SUFFIX).unwrap_or(name);
        self.queues.iter().find(|queue| queue.name == owner)
    }
}
