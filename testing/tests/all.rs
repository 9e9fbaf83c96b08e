//! The tests that need the whole system: delivery under faults, outages, journeys, deployment, architecture.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

#[path = "all/architecture.rs"]
mod architecture;
#[path = "all/commands.rs"]
mod commands;
#[path = "all/compose.rs"]
mod compose;
#[path = "all/crash.rs"]
mod crash;
#[path = "all/delivery.rs"]
mod delivery;
#[path = "all/journey.rs"]
mod journey;
#[path = "all/outage.rs"]
mod outage;
#[path = "all/timeout.rs"]
mod timeout;
