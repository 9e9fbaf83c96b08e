//! How publishing and acknowledging fail. Consuming does not fail: it waits.

/// Why a publish was not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No connection, or it was lost before the confirm came. Publish again later.
    #[error("the transport is unavailable: {0}")]
    Unavailable(String),
    /// No confirm came in time. Publish again.
    #[error("no confirm came in time")]
    Timeout,
    /// No queue is bound to the kind, or the queue does not exist. The message was not kept.
    #[error("no queue takes this message")]
    Unroutable,
    /// The message was refused: a queue is full, or the envelope is not fit to travel. It was not kept by
    /// at least one queue.
    #[error("the message was refused: {0}")]
    Rejected(String),
}

impl PublishError {
    /// The value of the metric's `outcome` label.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Timeout => "timeout",
            Self::Unroutable => "unroutable",
            Self::Rejected(_) => "rejected",
        }
    }
}

/// Why an acknowledgement did not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// The delivery's connection is gone (or the bus is closed): the message is delivered again.
    #[error("the delivery is stale: its message is delivered again")]
    Stale,
}
