//! What both transports promise, as functions of a bus.

use std::collections::BTreeSet;

use bus::{Bus, Envelope, MAX_BODY_BYTES, PublishError, Route, Topology};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::world::{BOTH, DELIVERY_LIMIT, NOBODY, ONE, message, publish, random_id, receive, within};

pub(crate) async fn a_message_arrives_as_it_was_sent(bus: &Bus) {
    let (sent, mut consumer) = (message(ONE), bus.consume("a", 10));
    let confirmed = publish(bus, &sent);
    let delivery = receive(&mut consumer).await;
    assert_eq!(*delivery.envelope(), sent);
    assert!(!delivery.redelivered());
    assert_eq!(delivery.malformed(), None);
    within(delivery.ack()).await.unwrap();
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn every_bound_queue_gets_its_copy(bus: &Bus) {
    let (sent, mut a, mut b) = (message(BOTH), bus.consume("a", 10), bus.consume("b", 10));
    let confirmed = publish(bus, &sent);
    for consumer in [&mut a, &mut b] {
        let delivery = receive(consumer).await;
        assert_eq!(delivery.envelope().id, sent.id);
        within(delivery.ack()).await.unwrap();
    }
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn a_route_to_one_queue_reaches_that_queue_alone(bus: &Bus) {
    let (replayed, after) = (message(BOTH), message(BOTH));
    let (mut a, mut b) = (bus.consume("a", 10), bus.consume("b", 10));
    let (first, acked) = tokio::join!(within(bus.publish(Route::Queue("b"), &replayed)), async {
        let delivery = receive(&mut b).await;
        assert_eq!(delivery.envelope().id, replayed.id);
        within(delivery.ack()).await
    });
    assert_eq!((first, acked), (Ok(()), Ok(())));
    // Had `a` been given the first message as well, it would come before the second.
    let confirmed = publish(bus, &after);
    for consumer in [&mut a, &mut b] {
        let delivery = receive(consumer).await;
        assert_eq!(delivery.envelope().id, after.id);
        within(delivery.ack()).await.unwrap();
    }
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn a_message_nobody_takes_is_unroutable(bus: &Bus) {
    let nobody = within(bus.publish(Route::Kind, &message(NOBODY))).await;
    assert_eq!(nobody, Err(PublishError::Unroutable));
    let nowhere = within(bus.publish(Route::Queue("nowhere"), &message(ONE))).await;
    assert_eq!(nowhere, Err(PublishError::Unroutable));
}

pub(crate) async fn verdicts_are_not_mixed_up_among_concurrent_publishes(bus: &Bus) {
    let mut consumer = bus.consume("a", 0);
    let kinds = (0..600).map(|n| if n % 3 == 0 { NOBODY } else { ONE });
    let publishing = join_all(kinds.map(|kind| async move {
        let envelope = message(kind);
        (kind, bus.publish(Route::Kind, &envelope).await)
    }));
    let consuming = async {
        for _ in 0..400 {
            within(receive(&mut consumer).await.ack()).await.unwrap();
        }
    };
    let (verdicts, ()) = within(async { tokio::join!(publishing, consuming) }).await;
    for (kind, verdict) in verdicts {
        let expected = if kind == NOBODY { Err(PublishError::Unroutable) } else { Ok(()) };
        assert_eq!(verdict, expected, "{kind}");
    }
}

pub(crate) async fn what_cannot_travel_is_rejected(bus: &Bus) {
    let reserved = {
        let mut envelope = message(ONE);
        envelope.headers.insert("x-death".to_owned(), "1".to_owned());
        envelope
    };
    let large = Envelope { body: vec![b' '; MAX_BODY_BYTES + 1].into(), ..message(ONE) };
    let long = Envelope { kind: "k".repeat(256), ..message(ONE) };
    for envelope in [reserved, large, long] {
        let outcome = within(bus.publish(Route::Kind, &envelope)).await;
        assert!(matches!(outcome, Err(PublishError::Rejected(_))), "{outcome:?}");
    }
}

pub(crate) async fn the_largest_body_travels(bus: &Bus) {
    let sent = Envelope { body: vec![b' '; MAX_BODY_BYTES].into(), ..message(ONE) };
    let mut consumer = bus.consume("a", 1);
    let confirmed = publish(bus, &sent);
    let delivery = receive(&mut consumer).await;
    assert_eq!((delivery.envelope().body.len(), delivery.malformed()), (MAX_BODY_BYTES, None));
    within(delivery.ack()).await.unwrap();
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn a_dropped_delivery_comes_back(bus: &Bus) {
    let (sent, mut consumer) = (message(ONE), bus.consume("a", 1));
    let confirmed = publish(bus, &sent);
    drop(receive(&mut consumer).await);
    let delivery = receive(&mut consumer).await;
    assert!(delivery.redelivered());
    let panicked = tokio::spawn(async move {
        assert_eq!(delivery.envelope().id, Uuid::nil(), "a handler's panic, as it should be");
    });
    assert!(within(panicked).await.unwrap_err().is_panic());
    let delivery = receive(&mut consumer).await;
    assert_eq!(delivery.envelope().id, sent.id);
    within(delivery.ack()).await.unwrap();
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn two_consumers_share_a_queue(bus: &Bus) {
    let (sent, other) = (message(ONE), message(ONE));
    let (mut first, mut second) = (bus.consume("a", 1), bus.consume("a", 1));
    let confirmed = [publish(bus, &sent), publish(bus, &other)];
    // Each holds at most one, so the second can only come to the other consumer.
    let held = receive(&mut first).await;
    let shared = receive(&mut second).await;
    let ids = BTreeSet::from([held.envelope().id, shared.envelope().id]);
    assert_eq!(ids, BTreeSet::from([sent.id, other.id]));
    within(held.ack()).await.unwrap();
    within(shared.ack()).await.unwrap();
    for confirmed in confirmed {
        assert_eq!(within(confirmed).await.unwrap(), Ok(()));
    }
}

pub(crate) async fn a_stopped_consumer_drains(bus: &Bus) {
    let sent = [message(ONE), message(ONE), message(ONE)];
    let mut stopping = bus.consume("a", 10);
    let confirmed = sent.each_ref().map(|envelope| publish(bus, envelope));
    let held = receive(&mut stopping).await;
    stopping.stopper().stop();
    assert!(within(stopping.next()).await.is_none());

    let mut next = bus.consume("a", 10);
    let mut seen = BTreeSet::from([held.envelope().id]);
    for _ in 0..2 {
        let delivery = receive(&mut next).await;
        seen.insert(delivery.envelope().id);
        within(delivery.ack()).await.unwrap();
    }
    assert_eq!(seen, sent.each_ref().map(|envelope| envelope.id).into());
    assert_eq!(within(held.ack()).await, Ok(()));
    for confirmed in confirmed {
        assert_eq!(within(confirmed).await.unwrap(), Ok(()));
    }
}

pub(crate) async fn poison_moves_aside(bus: &Bus) {
    let (poison, after) = (message(ONE), message(ONE));
    let mut consumer = bus.consume("a", 1);
    let confirmed = publish(bus, &poison);
    for _ in 0..=DELIVERY_LIMIT {
        let delivery = receive(&mut consumer).await;
        assert_eq!(delivery.envelope().id, poison.id);
    }
    let parked = receive(&mut bus.consume(&Topology::poison_name("a"), 1)).await;
    assert_eq!(*parked.envelope(), poison);
    assert_eq!(parked.malformed(), None);
    within(parked.ack()).await.unwrap();
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));

    let confirmed = publish(bus, &after);
    let delivery = receive(&mut consumer).await;
    assert_eq!(delivery.envelope().id, after.id);
    within(delivery.ack()).await.unwrap();
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn a_thousand_concurrent_publishes_arrive_once(bus: &Bus) {
    let mut consumer = bus.consume("a", 256);
    let sent: Vec<Envelope> = (0..1_000).map(|_| message(ONE)).collect();
    let confirmed: Vec<_> = sent.iter().map(|envelope| publish(bus, envelope)).collect();
    let mut seen = BTreeSet::new();
    for _ in &sent {
        let delivery = receive(&mut consumer).await;
        assert!(seen.insert(delivery.envelope().id), "delivered twice");
        within(delivery.ack()).await.unwrap();
    }
    for outcome in within(join_all(confirmed)).await {
        assert_eq!(outcome.unwrap(), Ok(()));
    }
    assert_eq!(seen, sent.iter().map(|envelope| envelope.id).collect());
    // Nothing but this is left.
    let last = Envelope::new(random_id(), ONE, "{}");
    let confirmed = publish(bus, &last);
    let delivery = receive(&mut consumer).await;
    assert_eq!(delivery.envelope().id, last.id);
    within(delivery.ack()).await.unwrap();
    assert_eq!(within(confirmed).await.unwrap(), Ok(()));
}

pub(crate) async fn a_wake_reaches_its_own_process(bus: &Bus) {
    let mut wakes = bus.wakes();
    bus.wake("venture:7");
    assert_eq!(within(wakes.recv()).await.unwrap().key, "venture:7");
}

pub(crate) async fn a_closed_bus_ends_everything(bus: &Bus) {
    let mut consumer = bus.consume("a", 1);
    assert_eq!(bus.ready(), Ok(()));
    within(bus.close()).await;
    assert!(within(consumer.next()).await.is_none());
    assert!(bus.ready().is_err());
    let outcome = within(bus.publish(Route::Kind, &message(ONE))).await;
    assert!(matches!(outcome, Err(PublishError::Unavailable(_))), "{outcome:?}");
}
