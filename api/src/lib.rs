//! The GraphQL gateway: schema, transports, authentication.
//!
//! It turns tokens into actors, inputs into commands and rows into types. What is allowed is decided in
//! `app` and `domain`; no database is named here.
//!
//! A feature is a module with the name it has in `domain` and `app`. It has the type, its filter and order, its
//! queries, mutations and subscriptions. The roots (`query`, `mutation`, `subscription`) only merge them. What all
//! features use: `record` and `loader` (reading by id), `list` (pages), `change` (mutations), `node`.

mod action;
mod change;
mod cost;
mod error;
mod explorer;
mod global_id;
mod hooks;
mod http;
mod limits;
mod list;
mod loader;
mod meter;
mod mutation;
mod node;
pub mod oidc;
mod operation;
mod query;
mod record;
mod root;
mod schema;
mod server;
mod session;
mod settings;
mod subscription;
mod throttle;

mod dead_letter;
mod event;
mod evidence;
mod gate_run;
mod job;
mod member;
mod metric_sample;
mod person;
mod playbook;
mod portfolio;
mod rate_limit;
mod stage_run;
mod token;
mod venture;
mod viewer;
mod waiting;
mod webhook_endpoint;
mod webhook_source;

pub use http::{InvalidOrigin, Origin, router};
pub use limits::Limits;
pub use schema::{Schema, schema, sdl};
pub use server::{Server, Serving};
pub use session::Session;
pub use settings::{Live, Profile, Settings, Webhooks};
pub use throttle::Throttling;
