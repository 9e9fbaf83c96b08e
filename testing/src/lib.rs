//! What the tests share: real servers, a network that can be cut, databases of their own, and worlds in
//! which the whole system runs. Development only; nothing that ships imports it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

pub mod client;
pub mod clock;
pub mod database;
pub mod gym;
pub mod node;
pub mod probe;
pub mod program;
pub mod proxy;
pub mod receiver;
pub mod servers;
pub mod world;
