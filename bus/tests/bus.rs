//! Both transports against one suite, and each against what is its own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "bus/amqp.rs"]
mod amqp;
#[path = "bus/memory.rs"]
mod memory;
#[path = "bus/outages.rs"]
mod outages;
#[path = "bus/proxy.rs"]
mod proxy;
#[path = "bus/suite.rs"]
mod suite;
#[path = "bus/world.rs"]
mod world;
