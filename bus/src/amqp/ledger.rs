//! Who waits for which confirm, and which of them were returned instead of routed.
//!
//! The broker returns an unroutable message and then acknowledges it. lapin hands a returned message to
//! whichever confirm completes next, which with many in flight need not be its own; so returns are matched
//! here by the number each message carries. What makes that sound: a return precedes its own confirm, and
//! a confirm that completes with no message attached shows that no return is waiting to be handed out.

use std::collections::{HashMap, HashSet};

use tokio::sync::oneshot;

use crate::PublishError;

/// What the broker said to one publish.
pub(super) struct Settled {
    pub(super) number: u64,
    pub(super) verdict: Verdict,
    /// The number of a returned message that came with the confirm: this one's or another's.
    pub(super) carried: Option<u64>,
}

/// The confirm itself, whatever was returned.
pub(super) enum Verdict {
    Acked,
    Refused,
    /// The channel is of no more use.
    Failed(String),
}

/// The channel is of no more use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Every publish between being sent and being answered. Numbers begin at 1.
#[derive(Default)]
pub(super) struct Ledger {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<(), PublishError>>>,
    returned: HashSet<u64>,
    /// Acknowledged while somebody else's return was attached: their own may still be to come.
    doubtful: Vec<u64>,
}

impl Ledger {
    /// Takes a waiting publisher in, and gives the number its message must carry.
    pub(super) fn register(&mut self, reply: oneshot::Sender<Result<(), PublishError>>) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, reply);
        self.last
    }

    /// Answers those a batch settles: everything that had completed when it was gathered.
    pub(super) fn settle(&mut self, batch: Vec<Settled>) -> Result<(), Broken> {
        self.returned.extend(batch.iter().filter_map(|settled| settled.carried));
        let mut broken = false;
        let no_return_waits = batch.iter().any(|settled| settled.carried.is_none());
        let earlier = std::mem::take(&mut self.doubtful);
        for Settled { number, verdict, carried } in batch {
            match verdict {
                Verdict::Failed(reason) => {
                    broken = true;
                    self.answer(number, Err(PublishError::Unavailable(reason)));
                }
                Verdict::Refused => {
                    self.answer(number, Err(PublishError::Rejected("a queue is full".to_owned())))
                }
                Verdict::Acked if self.returned.remove(&number) => {
                    self.answer(number, Err(PublishError::Unroutable));
                }
                Verdict::Acked if carried.is_some() => self.doubtful.push(number),
                Verdict::Acked => self.answer(number, Ok(())),
            }
        }
        let all_confirmed = self.waiting.len() == self.doubtful.len() + earlier.len();
        for number in earlier {
            self.resolve(number, no_return_waits || all_confirmed);
        }
        for number in std::mem::take(&mut self.doubtful) {
            self.resolve(number, all_confirmed);
        }
        if broken { Err(Broken) } else { Ok(()) }
    }

    /// Fails everything that still waits.
    pub(super) fn abandon(&mut self) {
        for (_, reply) in self.waiting.drain() {
            // Whoever gave up waiting does not listen.
            let _ = reply.send(Err(PublishError::Unavailable("the connection was lost".to_owned())));
        }
    }

    fn resolve(&mut self, number: u64, certain: bool) {
        if self.returned.remove(&number) {
            self.answer(number, Err(PublishError::Unroutable));
        } else if certain {
            self.answer(number, Ok(()));
        } else {
            self.doubtful.push(number);
        }
    }

    fn answer(&mut self, number: u64, outcome: Result<(), PublishError>) {
        if let Some(reply) = self.waiting.remove(&number) {
            // Whoever gave up waiting does not listen.
            let _ = reply.send(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reply = oneshot::Receiver<Result<(), PublishError>>;

    fn publishers<const N: usize>(ledger: &mut Ledger) -> [Reply; N] {
        std::array::from_fn(|_| {
            let (reply, answer) = oneshot::channel();
            ledger.register(reply);
            answer
        })
    }

    fn acked(number: u64, carried: Option<u64>) -> Settled {
        Settled { number, verdict: Verdict::Acked, carried }
    }

    fn answered<const N: usize>(replies: &mut [Reply; N]) -> [Option<Result<(), PublishError>>; N] {
        replies.each_mut().map(|reply| reply.try_recv().ok())
    }

    #[test]
    fn a_return_on_anothers_confirm_finds_its_owner() {
        let mut ledger = Ledger::default();
        let mut replies = publishers::<2>(&mut ledger);
        // 2 was returned, but its return came with the confirm of 1, and 2 was seen first.
        assert_eq!(ledger.settle(vec![acked(2, None), acked(1, Some(2))]), Ok(()));
        assert_eq!(answered(&mut replies), [Some(Ok(())), Some(Err(PublishError::Unroutable))]);
    }

    #[test]
    fn who_carried_anothers_return_waits_for_its_own() {
        let mut ledger = Ledger::default();
        let mut replies = publishers::<3>(&mut ledger);
        // 2 and 3 were returned in this order, and 3 is confirmed first.
        assert_eq!(ledger.settle(vec![acked(3, Some(2))]), Ok(()));
        assert_eq!(answered(&mut replies), [None, None, None]);
        assert_eq!(ledger.settle(vec![acked(2, Some(3))]), Ok(()));
        let unroutable = || Some(Err(PublishError::Unroutable));
        assert_eq!(answered(&mut replies), [None, unroutable(), unroutable()]);
        assert_eq!(ledger.settle(vec![acked(1, None)]), Ok(()));
        assert_eq!(ledger.returned.len() + ledger.doubtful.len() + ledger.waiting.len(), 0);
    }

    #[test]
    fn a_carrier_is_cleared_once_no_return_waits() {
        let mut ledger = Ledger::default();
        let mut replies = publishers::<4>(&mut ledger);
        assert_eq!(ledger.settle(vec![acked(1, Some(2))]), Ok(()));
        assert_eq!(answered(&mut replies), [None, None, None, None]);
        assert_eq!(ledger.settle(vec![acked(3, None)]), Ok(()));
        assert_eq!(answered(&mut replies), [Some(Ok(())), None, Some(Ok(())), None]);
        assert_eq!(ledger.settle(vec![acked(2, None)]), Ok(()));
        ledger.abandon();
        let lost = PublishError::Unavailable("the connection was lost".to_owned());
        assert_eq!(
            answered(&mut replies),
            [None, Some(Err(PublishError::Unroutable)), None, Some(Err(lost))]
        );
    }

    #[test]
    fn a_failed_channel_is_broken() {
        let mut ledger = Ledger::default();
        let mut replies = publishers::<2>(&mut ledger);
        let failed = Settled { number: 1, verdict: Verdict::Failed("gone".to_owned()), carried: None };
        let refused = Settled { number: 2, verdict: Verdict::Refused, carried: None };
        assert_eq!(ledger.settle(vec![failed, refused]), Err(Broken));
        let [gone, full] = answered(&mut replies);
        assert_eq!(gone, Some(Err(PublishError::Unavailable("gone".to_owned()))));
        assert!(matches!(full, Some(Err(PublishError::Rejected(_)))));
    }
}
