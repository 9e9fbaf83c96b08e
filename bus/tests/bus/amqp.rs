//! The RabbitMQ transport: the suite, and what only it promises.

use bus::{AmqpOptions, Bus, MAX_BODY_BYTES, PublishError, Route, Topology};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
};

use crate::{
    suite,
    world::{
        DELIVERY_LIMIT, ONE, broker_options, broker_url, connected, message, on_broker, on_broker_with,
        publish, random_id, receive, topology, within,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_arrives_as_it_was_sent() {
    on_broker(suite::a_message_arrives_as_it_was_sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bound_queue_gets_its_copy() {
    on_broker(suite::every_bound_queue_gets_its_copy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_to_one_queue_reaches_that_queue_alone() {
    on_broker(suite::a_route_to_one_queue_reaches_that_queue_alone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_nobody_takes_is_unroutable() {
    on_broker(suite::a_message_nobody_takes_is_unroutable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_are_not_mixed_up_among_concurrent_publishes() {
    on_broker(suite::verdicts_are_not_mixed_up_among_concurrent_publishes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_travel_is_rejected() {
    on_broker(suite::what_cannot_travel_is_rejected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_body_travels() {
    on_broker(suite::the_largest_body_travels).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_delivery_comes_back() {
    on_broker(suite::a_dropped_delivery_comes_back).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_consumers_share_a_queue() {
    on_broker(suite::two_consumers_share_a_queue).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_consumer_drains() {
    on_broker(suite::a_stopped_consumer_drains).await;
}

/// Consumers that are dropped as they stand, as by a drain that ran out of time, each with messages in hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_consumer_returns_each_message_once() {
    on_broker(async |bus: &Bus| {
        let sent: Vec<_> = (0..100).map(|_| publish(bus, &message(ONE))).collect();
        for sent in sent {
            within(sent).await.unwrap().unwrap();
        }
        for _ in 0..DELIVERY_LIMIT {
            let mut dropped = bus.consume("a", 100);
            let mut handed_out = Vec::new();
            for _ in 0..50 {
                handed_out.push(receive(&mut dropped).await);
            }
            drop(dropped);
        }
        let mut poison = bus.consume(&Topology::poison_name("a"), 0);
        let mut consumer = bus.consume("a", 0);
        for _ in 0..100 {
            tokio::select! {
                delivery = receive(&mut consumer) => delivery.ack().await.unwrap(),
                delivery = poison.next() => panic!("poison: {delivery:?}"),
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_moves_aside() {
    on_broker(suite::poison_moves_aside).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_publishes_arrive_once() {
    on_broker(suite::a_thousand_concurrent_publishes_arrive_once).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_reaches_its_own_process() {
    on_broker(suite::a_wake_reaches_its_own_process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_bus_ends_everything() {
    let topology = topology();
    suite::a_closed_bus_ends_everything(&connect(&topology).await).await;
    on_broker_with(&topology, async |_: &Bus| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_message_waits_for_its_consumer() {
    on_broker(async |bus: &Bus| {
        let sent = message(ONE);
        assert_eq!(within(bus.publish(Route::Kind, &sent)).await, Ok(()));
        let delivery = receive(&mut bus.consume("a", 1)).await;
        assert_eq!(delivery.envelope().id, sent.id);
        within(delivery.ack()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_reaches_another_process_and_its_own_only_once() {
    let topology = topology();
    on_broker_with(&topology, async |here: &Bus| {
        let there = connect(&topology).await;
        let (mut heard_here, mut heard_there) = (here.wakes(), there.wakes());
        here.wake("first");
        assert_eq!(within(heard_there.recv()).await.unwrap().key, "first");
        there.wake("second");
        assert_eq!(within(heard_here.recv()).await.unwrap().key, "first");
        assert_eq!(within(heard_here.recv()).await.unwrap().key, "second");
        within(there.close()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_rejects() {
    let topology = Topology { max_length: 2, ..topology() };
    on_broker_with(&topology, async |bus: &Bus| {
        // The broker's limit is a soft one: it counts a little late.
        for _ in 0..100 {
            match within(bus.publish(Route::Kind, &message(ONE))).await {
                Ok(()) => {}
                Err(PublishError::Rejected(_)) => return,
                Err(other) => panic!("{other}"),
            }
        }
        panic!("a hundred messages in a queue of two");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strange_messages_are_delivered_as_malformed() {
    let topology = topology();
    on_broker_with(&topology, async |bus: &Bus| {
        let queue = format!("{}.a", topology.namespace);
        let (_connection, channel) = raw_channel().await;
        let named = || BasicProperties::default().with_message_id(random_id().to_string().into());
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongString(vec![0xff, 0xfe].into()));
        let not_text = named().with_type(ONE.into()).with_headers(headers);
        send_raw(&channel, &queue, BasicProperties::default(), b"not \xff json").await;
        send_raw(&channel, &queue, BasicProperties::default(), b"not \xff json").await;
        send_raw(&channel, &queue, not_text, b"{}").await;
        send_raw(&channel, &queue, named().with_type(ONE.into()), &vec![b' '; MAX_BODY_BYTES + 1]).await;

        let mut consumer = bus.consume("a", 1);
        let mut ids = Vec::new();
        for (fault, kind, length) in [
            ("message id", "unknown", 10),
            ("type", "unknown", 10),
            ("traceparent", ONE, 2),
            ("larger", ONE, MAX_BODY_BYTES + 1),
        ] {
            let delivery = receive(&mut consumer).await;
            assert!(delivery.malformed().is_some_and(|reason| reason.contains(fault)), "{delivery:?}");
            let envelope = delivery.envelope();
            assert_eq!((envelope.kind.as_str(), envelope.body.len()), (kind, length));
            ids.push(envelope.id);
            within(delivery.ack()).await.unwrap();
        }
        assert_eq!(ids[0], ids[1], "the same body has the same id");
        assert_ne!(ids[0], ids[2]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_queue_is_declared_anew() {
    let topology = topology();
    on_broker_with(&topology, async |bus: &Bus| {
        let mut consumer = bus.consume("a", 1);
        let confirmed = publish(bus, &message(ONE));
        within(receive(&mut consumer).await.ack()).await.unwrap();
        within(confirmed).await.unwrap().unwrap();

        let (_connection, channel) = raw_channel().await;
        let queue = format!("{}.a", topology.namespace);
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        let sent = message(ONE);
        let publishing = async {
            while let Err(error) = bus.publish(Route::Kind, &sent).await {
                assert_eq!(error, PublishError::Unroutable);
            }
        };
        let (delivery, ()) = within(async { tokio::join!(receive(&mut consumer), publishing) }).await;
        assert_eq!(delivery.envelope().id, sent.id);
        within(delivery.ack()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn credentials_are_never_shown() {
    let options = AmqpOptions::new("amqp://user:s3cret@broker:5672/%2f");
    let shown = format!("{options:?}");
    assert!(shown.contains("broker:5672") && !shown.contains("s3cret"), "{shown}");

    let bus = Bus::amqp(AmqpOptions::new("amqp:user:s3cret@broker"), topology());
    let fault = bus.ready().unwrap_err();
    let outcome = within(bus.publish(Route::Kind, &message(ONE))).await;
    assert!(matches!(outcome, Err(PublishError::Unavailable(_))), "{outcome:?}");
    assert!(!fault.contains("s3cret") && !format!("{outcome:?}").contains("s3cret"));
    within(bus.close()).await;
}

async fn connect(topology: &Topology) -> Bus {
    let bus = Bus::amqp(broker_options(), topology.clone());
    connected(&bus, true).await;
    bus
}

async fn raw_channel() -> (Connection, Channel) {
    let connection = Connection::connect(&broker_url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    (connection, channel)
}

async fn send_raw(channel: &Channel, queue: &str, properties: BasicProperties, body: &[u8]) {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let sent = channel.basic_publish("".into(), queue.into(), options, body, properties).await.unwrap();
    assert_eq!(within(sent).await.unwrap(), lapin::Confirmation::Ack(None));
}
