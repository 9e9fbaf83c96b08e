//! Wakes inside one process: a lossy broadcast of "something changed under this key".

use tokio::sync::broadcast;

/// How many wakes a receiver may lag behind before it loses the oldest.
const CAPACITY: usize = 1024;

/// Something changed under a key; look there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wake {
    /// What to look at, in the publisher's own terms.
    pub key: String,
}

/// Hands wakes to whoever listens in this process.
pub(crate) struct WakeHub(broadcast::Sender<Wake>);

impl Default for WakeHub {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl WakeHub {
    /// Tells this process's listeners, if there are any.
    pub(crate) fn announce(&self, key: &str) {
        // Without a listener a send "fails", and that is no failure.
        let _ = self.0.send(Wake { key: key.to_owned() });
    }

    /// Every wake from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Wake> {
        self.0.subscribe()
    }
}
