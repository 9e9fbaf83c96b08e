//! What every binary does once, in the order it does it: read its configuration, start telemetry,
//! answer for its health, and stop when told to.
//!
//! No rule of the business, no message and no table is known here, and no other crate of the workspace is
//! imported: a binary's `main` hands in what it wants checked or served. Wall-clock time and ids are not
//! handed out here either; they come from the application's injected sources.

pub mod backend;
pub mod config;
pub mod health;
pub mod runtime;
pub mod shutdown;
pub mod telemetry;
