//! The gateway as its callers meet it: what the schema says, who is let in, what is refused, and how
//! answers travel. Each test has a world of its own and calls the router without a network.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

#[path = "api/gateway.rs"]
mod gateway;
#[path = "api/introspection.rs"]
mod introspection;
#[path = "api/issuer.rs"]
mod issuer;
#[path = "api/records.rs"]
mod records;

#[path = "api/access.rs"]
mod access;
#[path = "api/batches.rs"]
mod batches;
#[path = "api/cors.rs"]
mod cors;
#[path = "api/cost.rs"]
mod cost;
#[path = "api/engine.rs"]
mod engine;
#[path = "api/files.rs"]
mod files;
#[path = "api/foreign.rs"]
mod foreign;
#[path = "api/http.rs"]
mod http;
#[path = "api/identity.rs"]
mod identity;
#[path = "api/jobs.rs"]
mod jobs;
#[path = "api/limits.rs"]
mod limits;
#[path = "api/lists.rs"]
mod lists;
#[path = "api/live.rs"]
mod live;
#[path = "api/oidc.rs"]
mod oidc;
#[path = "api/pages.rs"]
mod pages;
#[path = "api/persisted.rs"]
mod persisted;
#[path = "api/portfolio_stage.rs"]
mod portfolio_stage;
#[path = "api/profiles.rs"]
mod profiles;
#[path = "api/refusals.rs"]
mod refusals;
#[path = "api/requests.rs"]
mod requests;
#[path = "api/roles.rs"]
mod roles;
#[path = "api/schema.rs"]
mod schema;
#[path = "api/search.rs"]
mod search;
#[path = "api/sockets.rs"]
mod sockets;
#[path = "api/statements.rs"]
mod statements;
#[path = "api/streams.rs"]
mod streams;
#[path = "api/throttle.rs"]
mod throttle;
#[path = "api/waiting.rs"]
mod waiting;
#[path = "api/webhooks_in.rs"]
mod webhooks_in;
#[path = "api/webhooks_out.rs"]
mod webhooks_out;
