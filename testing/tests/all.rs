//! The tests that need the whole system: delivery under faults, outages, journeys, deployment, architecture.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

/// Runs a test's body on each database, in a world of its own.
macro_rules! on_both {
    ($($name:ident)*) => { $(
        mod $name {
            use testing::{database::Kind, world::{Transport, World}};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(World::create(Kind::Sqlite, Transport::InProcess).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name(World::create(Kind::Postgres, Transport::InProcess).await).await;
            }
        }
    )* };
}

#[path = "all/architecture.rs"]
mod architecture;
#[path = "all/batch.rs"]
mod batch;
#[path = "all/command_line.rs"]
mod command_line;
#[path = "all/commands.rs"]
mod commands;
#[path = "all/compose.rs"]
mod compose;
#[path = "all/crash.rs"]
mod crash;
#[path = "all/delivery.rs"]
mod delivery;
#[path = "all/identity.rs"]
mod identity;
#[path = "all/journey.rs"]
mod journey;
#[path = "all/kill_run.rs"]
mod kill_run;
#[path = "all/many_sockets.rs"]
mod many_sockets;
#[path = "all/outage.rs"]
mod outage;
#[path = "all/timeout.rs"]
mod timeout;
#[path = "all/webhooks_in.rs"]
mod webhooks_in;
#[path = "all/webhooks_out.rs"]
mod webhooks_out;
