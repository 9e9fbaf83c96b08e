//! The topology as the broker holds it: declared before every use, deleted on request.

use lapin::{
    Channel, ExchangeKind, Result,
    options::{
        ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
        QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable, ShortString},
};

use crate::{Queue, Topology};

/// Declares everything. Idempotent, and safe beside other processes that do the same.
pub(super) async fn declare(channel: &Channel, topology: &Topology) -> Result<()> {
    declare_exchange(channel, &topology.messages_exchange(), ExchangeKind::Topic).await?;
    declare_exchange(channel, &topology.poison_exchange(), ExchangeKind::Direct).await?;
    declare_exchange(channel, &topology.wakes_exchange(), ExchangeKind::Fanout).await?;
    for queue in &topology.queues {
        declare_queue(channel, topology, queue).await?;
    }
    Ok(())
}

/// Declares one queue with its bindings, its poison queue first: no message may die into nothing.
pub(super) async fn declare_queue(channel: &Channel, topology: &Topology, queue: &Queue) -> Result<()> {
    let name = topology.qualified(&queue.name);
    let poison = topology.qualified(&Topology::poison_name(&queue.name));
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(short(&poison)?, durable, poison_arguments()).await?;
    bind(channel, &poison, &topology.poison_exchange(), &name).await?;
    channel.queue_declare(short(&name)?, durable, queue_arguments(topology, &name)).await?;
    for kind in &queue.kinds {
        bind(channel, &name, &topology.messages_exchange(), kind).await?;
    }
    Ok(())
}

/// Deletes every queue and exchange of the topology.
pub(super) async fn delete(channel: &Channel, topology: &Topology) -> Result<()> {
    for queue in &topology.queues {
        for name in [queue.name.clone(), Topology::poison_name(&queue.name)] {
            channel.queue_delete(short(&topology.qualified(&name))?, QueueDeleteOptions::default()).await?;
        }
    }
    for name in [topology.messages_exchange(), topology.poison_exchange(), topology.wakes_exchange()] {
        channel.exchange_delete(short(&name)?, ExchangeDeleteOptions::default()).await?;
    }
    Ok(())
}

/// A name fit for the protocol. lapin's own conversion panics past 255 bytes.
pub(super) fn short(name: &str) -> Result<ShortString> {
    ShortString::try_new(name).map_err(|error| std::io::Error::other(error.to_string()).into())
}

async fn declare_exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<()> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(short(name)?, kind, options, FieldTable::default()).await
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<()> {
    let options = QueueBindOptions::default();
    channel.queue_bind(short(queue)?, short(exchange)?, short(key)?, options, FieldTable::default()).await
}

fn queue_arguments(topology: &Topology, name: &str) -> FieldTable {
    table([
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", number(topology.delivery_limit)),
        ("x-max-length", number(topology.max_length)),
        // Needed for dead-lettering at least once, and it turns a full queue into a refused publish.
        ("x-overflow", text("reject-publish")),
        ("x-dead-letter-exchange", text(&topology.poison_exchange())),
        ("x-dead-letter-routing-key", text(name)),
        ("x-dead-letter-strategy", text("at-least-once")),
    ])
}

fn poison_arguments() -> FieldTable {
    // Newer brokers limit deliveries unless told otherwise, and past the limit a message here is lost.
    table([("x-queue-type", text("quorum")), ("x-delivery-limit", number(i32::MAX.unsigned_abs()))])
}

fn table<const N: usize>(entries: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert(name.into(), value);
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn number(value: u32) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}
