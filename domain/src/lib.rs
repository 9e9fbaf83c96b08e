//! The rules of the venture workflow.
//!
//! Nothing here does I/O, waits, reads a clock, draws a random number or knows a database or GraphQL:
//! what a rule needs is passed in, and what it decides is returned.

pub mod agenda;
pub mod evidence;
pub mod expression;
pub mod gate;
pub mod id;
pub mod job;
pub mod member;
pub mod metric;
pub mod named;
pub mod playbook;
pub mod portfolio;
pub mod refusal;
pub mod role;
pub mod root;
pub mod stage_run;
pub mod text;
pub mod venture;
pub mod webhook;
pub mod webhook_source;

pub use refusal::Refusal;
pub use role::Role;
pub use root::RootId;
