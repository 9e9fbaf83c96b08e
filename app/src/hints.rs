//! Who should look, after a commit: the relay at the outbox, sweeps at timers, subscribers at the history of a root or
//! at what waits for them. A hint only: whoever misses it finds the rows by polling.

use std::{fmt, str::FromStr, sync::Arc};

use domain::{
    Role, RootId,
    id::{Id, kind},
    named::Named,
    root::RootKind,
};
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

/// A root that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The root.
    pub root: RootId,
    /// The portfolio it is, or belongs to.
    pub portfolio: Id<kind::Portfolio>,
    /// The roles for which something else waits than before.
    pub roles: Vec<Role>,
}

/// As it travels between processes: `VENTURE/id/portfolio/LEAD,PLAN`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles: Vec<_> = self.roles.iter().map(Role::as_str).collect();
        write!(f, "{}/{}/{}/{}", self.root.kind().as_str(), self.root.uuid(), self.portfolio, roles.join(","))
    }
}

/// The text is no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl FromStr for Change {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut parts = text.splitn(4, '/');
        let mut part = || parts.next().ok_or(Unreadable);
        let kind = RootKind::parse(part()?).ok_or(Unreadable)?;
        let id: Uuid = part()?.parse().map_err(|_| Unreadable)?;
        let portfolio = part()?.parse().map_err(|_| Unreadable)?;
        let roles = part()?.split(',').filter(|role| !role.is_empty());
        let roles = roles.map(|role| Role::parse(role).map_err(|_| Unreadable)).collect::<Result<_, _>>()?;
        let root = match kind {
            RootKind::Portfolio => RootId::Portfolio(Id::new(id)),
            RootKind::Venture => RootId::Venture(Id::new(id)),
        };
        Ok(Self { root, portfolio, roles })
    }
}

/// The hints of one process.
#[derive(Clone, Debug)]
pub struct Hints {
    outbox: Arc<Notify>,
    timers: Arc<Notify>,
    committed: broadcast::Sender<Change>,
    changed: broadcast::Sender<Change>,
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            outbox: Arc::default(),
            timers: Arc::default(),
            committed: broadcast::channel(4_096).0,
            changed: broadcast::channel(4_096).0,
        }
    }
}

impl Hints {
    /// Resolves when messages were written since the last call.
    pub async fn outbox(&self) {
        self.outbox.notified().await;
    }

    /// Resolves when timers were set since the last call.
    pub async fn timers(&self) {
        self.timers.notified().await;
    }

    /// Roots that this process changed.
    pub fn committed(&self) -> broadcast::Receiver<Change> {
        self.committed.subscribe()
    }

    /// Roots that any process changed, as far as it is known here.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changed.subscribe()
    }

    /// Passes on that another process changed a root.
    pub fn announce(&self, change: Change) {
        // No receiver is no fault: nobody watches.
        drop(self.changed.send(change));
    }

    pub(crate) fn wrote(&self, messages: bool, timers: bool, changes: Vec<Change>) {
        if messages {
            self.outbox.notify_one();
        }
        if timers {
            self.timers.notify_one();
        }
        for change in changes {
            drop(self.committed.send(change.clone()));
            self.announce(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_arrives_as_it_was_sent() {
        let role = |name| Role::parse(name).unwrap();
        let ids = (Uuid::from_u128(7), Id::new(Uuid::from_u128(8)));
        for roles in [vec![], vec![role("LEAD")], vec![role("LEAD"), role("PLAN")]] {
            for root in [RootId::Venture(Id::new(ids.0)), RootId::Portfolio(Id::new(ids.0))] {
                let change = Change { root, portfolio: ids.1, roles: roles.clone() };
                assert_eq!(change.to_string().parse(), Ok(change));
            }
        }
        for bad in ["", "VENTURE", "VENTURE/x/y/", "CAT/1/2/", &Uuid::nil().to_string()] {
            assert_eq!(bad.parse::<Change>(), Err(Unreadable), "{bad}");
        }
    }
}
