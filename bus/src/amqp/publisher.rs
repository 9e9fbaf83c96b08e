//! The one task that publishes: it alone uses the confirm channel, so that the order of delivery tags is
//! the order on the wire, and it keeps many confirms in flight.

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use lapin::{BasicProperties, Channel, Confirmation, options::BasicPublishOptions, types::ShortString};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    declare::short,
    ledger::{Ledger, Settled, Verdict},
    wire,
};
use crate::{Envelope, PublishError, Route, Topology};

/// How many publishes may wait for their confirm at a time; more wait to be sent.
const MAX_IN_FLIGHT: usize = 1024;

/// One publish, and who waits for it.
pub(super) struct Request {
    pub(super) message: Outgoing,
    pub(super) reply: oneshot::Sender<Result<(), PublishError>>,
}

/// A message in the protocol's terms.
pub(super) struct Outgoing {
    exchange: ShortString,
    routing_key: ShortString,
    properties: BasicProperties,
    body: Bytes,
}

impl Outgoing {
    pub(super) fn new(
        topology: &Topology,
        route: Route<'_>,
        envelope: &Envelope,
    ) -> Result<Self, PublishError> {
        // The nameless exchange routes to the queue named by the key.
        let (exchange, routing_key) = match route {
            Route::Kind => (topology.messages_exchange(), envelope.kind.clone()),
            Route::Queue(queue) => (String::new(), topology.qualified(queue)),
        };
        let refused = |error: lapin::Error| PublishError::Rejected(error.to_string());
        Ok(Self {
            exchange: short(&exchange).map_err(refused)?,
            routing_key: short(&routing_key).map_err(refused)?,
            properties: wire::properties(envelope).map_err(refused)?,
            body: envelope.body.clone(),
        })
    }
}

/// Publishes until the link is lost, then fails everything that still waits.
pub(super) async fn run(channel: Channel, mut requests: mpsc::Receiver<Request>, lost: CancellationToken) {
    let _ends_link = lost.clone().drop_guard();
    let mut in_flight = FuturesUnordered::new();
    let mut ledger = Ledger::default();
    loop {
        tokio::select! {
            () = lost.cancelled() => break,
            Some(first) = in_flight.next(), if !in_flight.is_empty() => {
                let mut batch = vec![first];
                while let Some(Some(more)) = in_flight.next().now_or_never() {
                    batch.push(more);
                }
                if ledger.settle(batch).is_err() {
                    break;
                }
            }
            request = requests.recv(), if in_flight.len() < MAX_IN_FLIGHT => match request {
                Some(request) if request.reply.is_closed() => {}
                Some(Request { message, reply }) => {
                    let number = ledger.register(reply);
                    in_flight.push(transmit(channel.clone(), number, message));
                }
                None => break,
            },
        }
    }
    ledger.abandon();
    requests.close();
    while let Some(request) = requests.recv().await {
        // Whoever gave up waiting does not listen.
        let _ = request.reply.send(Err(PublishError::Unavailable("the connection was lost".to_owned())));
    }
}

/// Sends one message, marked with its number, and waits for the broker's word on it.
async fn transmit(channel: Channel, number: u64, message: Outgoing) -> Settled {
    let Outgoing { exchange, routing_key, properties, body } = message;
    let properties = properties.with_correlation_id(number.to_string().into());
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirmation =
        async { channel.basic_publish(exchange, routing_key, options, &body, properties).await?.await };
    let (verdict, returned) = match confirmation.await {
        Ok(Confirmation::Ack(returned)) => (Verdict::Acked, returned),
        Ok(Confirmation::Nack(returned)) => (Verdict::Refused, returned),
        Ok(Confirmation::NotRequested) => (Verdict::Failed("the channel does not confirm".to_owned()), None),
        Err(error) => (Verdict::Failed(error.to_string()), None),
    };
    let carried = returned.map(|message| {
        let number = message.properties.correlation_id().as_ref().and_then(|id| id.as_str().parse().ok());
        number.unwrap_or_default()
    });
    Settled { number, verdict, carried }
}
