//! The in-process transport: the suite, and what only it promises.

use bus::{AckError, Bus, PublishError, Route, Topology};
use futures_util::FutureExt;

use crate::{
    suite,
    world::{BOTH, ONE, in_process, message, publish, receive, topology, within},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_arrives_as_it_was_sent() {
    in_process(suite::a_message_arrives_as_it_was_sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bound_queue_gets_its_copy() {
    in_process(suite::every_bound_queue_gets_its_copy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_to_one_queue_reaches_that_queue_alone() {
    in_process(suite::a_route_to_one_queue_reaches_that_queue_alone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_nobody_takes_is_unroutable() {
    in_process(suite::a_message_nobody_takes_is_unroutable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_are_not_mixed_up_among_concurrent_publishes() {
    in_process(suite::verdicts_are_not_mixed_up_among_concurrent_publishes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_travel_is_rejected() {
    in_process(suite::what_cannot_travel_is_rejected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_body_travels() {
    in_process(suite::the_largest_body_travels).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_delivery_comes_back() {
    in_process(suite::a_dropped_delivery_comes_back).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_consumers_share_a_queue() {
    in_process(suite::two_consumers_share_a_queue).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_consumer_drains() {
    in_process(suite::a_stopped_consumer_drains).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_moves_aside() {
    in_process(suite::poison_moves_aside).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_publishes_arrive_once() {
    in_process(suite::a_thousand_concurrent_publishes_arrive_once).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_reaches_its_own_process() {
    in_process(suite::a_wake_reaches_its_own_process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_bus_ends_everything() {
    in_process(suite::a_closed_bus_ends_everything).await;
}

#[tokio::test]
async fn a_publish_is_confirmed_only_by_every_consumer() {
    let bus = Bus::in_process(topology());
    let (mut a, mut b, sent) = (bus.consume("a", 1), bus.consume("b", 1), message(BOTH));
    let mut confirmed = Box::pin(bus.publish(Route::Kind, &sent));
    assert_eq!(confirmed.as_mut().now_or_never(), None);
    within(receive(&mut a).await.ack()).await.unwrap();
    assert_eq!(confirmed.as_mut().now_or_never(), None);
    within(receive(&mut b).await.ack()).await.unwrap();
    assert_eq!(within(confirmed).await, Ok(()));
}

#[tokio::test]
async fn a_message_outlives_a_publisher_that_gave_up() {
    let bus = Bus::in_process(topology());
    let sent = message(ONE);
    assert_eq!(bus.publish(Route::Kind, &sent).now_or_never(), None);
    let delivery = receive(&mut bus.consume("a", 1)).await;
    assert_eq!(delivery.envelope().id, sent.id);
    assert_eq!(within(delivery.ack()).await, Ok(()));
}

#[tokio::test]
async fn a_full_queue_rejects() {
    let bus = Bus::in_process(Topology { max_length: 2, ..topology() });
    for _ in 0..2 {
        assert_eq!(bus.publish(Route::Kind, &message(ONE)).now_or_never(), None);
    }
    let outcome = within(bus.publish(Route::Kind, &message(ONE))).await;
    assert!(matches!(outcome, Err(PublishError::Rejected(_))), "{outcome:?}");
}

#[tokio::test]
async fn closing_fails_pending_publishes_and_held_deliveries() {
    let bus = Bus::in_process(topology());
    let confirmed = publish(&bus, &message(ONE));
    let held = receive(&mut bus.consume("a", 1)).await;
    bus.close().await;
    let outcome = within(confirmed).await.unwrap();
    assert!(matches!(outcome, Err(PublishError::Unavailable(_))), "{outcome:?}");
    assert_eq!(within(held.ack()).await, Err(AckError::Stale));
}

#[tokio::test]
async fn prefetch_bounds_what_is_held() {
    let bus = Bus::in_process(topology());
    let _confirmed = [publish(&bus, &message(ONE)), publish(&bus, &message(ONE))];
    let mut consumer = bus.consume("a", 2);
    let (first, _second) = (receive(&mut consumer).await, receive(&mut consumer).await);
    let waiting = message(ONE);
    let mut third = Box::pin(bus.publish(Route::Kind, &waiting));
    assert_eq!(third.as_mut().now_or_never(), None);
    assert!(consumer.next().now_or_never().is_none());
    within(first.ack()).await.unwrap();
    within(receive(&mut consumer).await.ack()).await.unwrap();
    assert_eq!(within(third).await, Ok(()));
}
