//! What the RabbitMQ transport promises when its connection breaks.

use std::{collections::BTreeSet, panic::AssertUnwindSafe, time::Duration};

use bus::{AckError, AmqpOptions, Bus, PublishError, Route};
use futures_util::{FutureExt, StreamExt, future::join_all, stream::FuturesUnordered};
use lapin::uri::AMQPUri;

use crate::{
    proxy::Proxy,
    world::{ONE, broker_options, broker_url, connected, message, publish, receive, topology, within},
};

/// Runs a test on a bus behind a proxy, and deletes what it left on the broker.
async fn behind_proxy(test: impl AsyncFnOnce(&Bus, &Proxy)) {
    behind_proxy_with(broker_options(), test).await;
}

/// As [`behind_proxy`], with options of the test's own.
async fn behind_proxy_with(options: AmqpOptions, test: impl AsyncFnOnce(&Bus, &Proxy)) {
    let uri: AMQPUri = broker_url().parse().unwrap();
    let proxy = Proxy::to(format!("{}:{}", uri.authority.host, uri.authority.port)).await;
    let mut through = uri;
    through.authority.host = proxy.address().ip().to_string();
    through.authority.port = proxy.address().port();
    let bus = Bus::amqp(AmqpOptions { url: through.to_string(), ..options }, topology());
    connected(&bus, true).await;
    let outcome = AssertUnwindSafe(test(&bus, &proxy)).catch_unwind().await;
    proxy.restore();
    connected(&bus, true).await;
    let deleted = within(bus.delete_topology()).await;
    within(bus.close()).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    deleted.unwrap();
}

fn is_away(outcome: &Result<(), PublishError>) -> bool {
    matches!(outcome, Err(PublishError::Unavailable(_) | PublishError::Timeout))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_mends_itself() {
    behind_proxy(async |bus: &Bus, proxy: &Proxy| {
        let (held, sent, mut consumer) = (message(ONE), message(ONE), bus.consume("a", 10));
        let confirmed = publish(bus, &held);
        let delivery = receive(&mut consumer).await;
        assert_eq!(within(confirmed).await.unwrap(), Ok(()));

        proxy.cut();
        connected(bus, false).await;
        assert!(bus.ready().is_err());
        let outcome = within(bus.publish(Route::Kind, &sent)).await;
        assert!(is_away(&outcome), "{outcome:?}");
        assert_eq!(within(delivery.ack()).await, Err(AckError::Stale));

        proxy.restore();
        connected(bus, true).await;
        assert_eq!(bus.ready(), Ok(()));
        let delivery = receive(&mut consumer).await;
        assert_eq!(delivery.envelope().id, held.id);
        assert!(delivery.redelivered());
        within(delivery.ack()).await.unwrap();
        assert_eq!(within(bus.publish(Route::Kind, &sent)).await, Ok(()));
        let delivery = receive(&mut consumer).await;
        assert_eq!(delivery.envelope().id, sent.id);
        within(delivery.ack()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_loses_no_confirmed_message_and_fails_the_rest_at_once() {
    behind_proxy(async |bus: &Bus, proxy: &Proxy| {
        let sent: Vec<_> = (0..500).map(|_| message(ONE)).collect();
        let mut publishing: FuturesUnordered<_> = sent
            .iter()
            .map(|envelope| async move { (envelope.id, bus.publish(Route::Kind, envelope).await) })
            .collect();
        let mut outcomes = vec![within(publishing.next()).await.unwrap()];
        proxy.cut();
        // Well before the confirm timeout of 10 s.
        let rest = tokio::time::timeout(Duration::from_secs(5), publishing.collect::<Vec<_>>());
        outcomes.extend(rest.await.expect("publishes hang after a cut"));
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok() || is_away(outcome)), "{outcomes:?}");
        assert!(
            outcomes.iter().any(|(_, outcome)| is_away(outcome)),
            "the cut came too late to show anything"
        );

        proxy.restore();
        connected(bus, true).await;
        let mut confirmed: BTreeSet<_> =
            outcomes.into_iter().filter_map(|(id, outcome)| outcome.is_ok().then_some(id)).collect();
        let mut consumer = bus.consume("a", 100);
        while !confirmed.is_empty() {
            let delivery = receive(&mut consumer).await;
            confirmed.remove(&delivery.envelope().id);
            within(delivery.ack()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_cuts_lose_nothing_that_is_retried() {
    behind_proxy(async |bus: &Bus, proxy: &Proxy| {
        let sent: Vec<_> = (0..60).map(|_| message(ONE)).collect();
        let publishing = join_all(sent.iter().map(|envelope| async move {
            let mut changes = bus.changes();
            while bus.publish(Route::Kind, envelope).await.is_err() {
                changes.wait_for(|connected| *connected).await.unwrap();
            }
        }));
        let mut consumer = bus.consume("a", 5);
        let consuming = async {
            let mut seen = BTreeSet::new();
            while seen.len() < sent.len() {
                let delivery = receive(&mut consumer).await;
                let id = delivery.envelope().id;
                if within(delivery.ack()).await.is_ok() {
                    seen.insert(id);
                }
                if seen.len() == 10 || seen.len() == 30 {
                    proxy.cut();
                    connected(bus, false).await;
                    proxy.restore();
                }
            }
        };
        within(async { tokio::join!(publishing, consuming) }).await;
        assert_eq!(bus.ready(), Ok(()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_connection_is_given_up() {
    let options = AmqpOptions {
        heartbeat: Duration::from_secs(1),
        confirm_timeout: Duration::from_millis(300),
        connect_timeout: Duration::from_secs(1),
        ..broker_options()
    };
    behind_proxy_with(options, async |bus: &Bus, proxy: &Proxy| {
        let (sent, mut consumer) = (message(ONE), bus.consume("a", 1));
        proxy.freeze();
        assert_eq!(within(bus.publish(Route::Kind, &sent)).await, Err(PublishError::Timeout));
        connected(bus, false).await;
        proxy.restore();
        connected(bus, true).await;
        assert_eq!(within(bus.publish(Route::Kind, &sent)).await, Ok(()));
        let delivery = receive(&mut consumer).await;
        assert_eq!(delivery.envelope().id, sent.id);
        within(delivery.ack()).await.unwrap();
    })
    .await;
}
