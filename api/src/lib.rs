//! The GraphQL gateway: schema, transports, authentication.
//!
//! It turns tokens into actors, inputs into commands and rows into types. What is allowed is decided in
//! `app` and `domain`; no database is named here.

mod cost;
mod error;
mod explorer;
mod global_id;
mod hooks;
mod http;
mod limits;
mod loader;
mod meter;
mod mutation;
pub mod oidc;
mod operation;
mod query;
mod schema;
mod server;
mod session;
mod settings;
mod subscription;
mod throttle;
mod types;

pub use http::{InvalidOrigin, Origin, router};
pub use limits::Limits;
pub use schema::{Schema, schema, sdl};
pub use server::{Server, Serving};
pub use session::Session;
pub use settings::{Live, Profile, Settings, Webhooks};
pub use throttle::Throttling;
