//! sea-orm entities: one file per table, fields as the columns, nothing else. Of `domain` they know the closed sets
//! that columns hold.
//!
//! Rules live in `domain`; the way between the two in `app`.

pub mod attestation;
pub mod audit;
pub mod citation;
pub mod dead_letter;
pub mod due;
pub mod evidence;
pub mod file;
pub mod gate_run;
pub mod history;
pub mod idempotency;
pub mod inbox;
pub mod member;
pub mod metric_sample;
mod name;
pub mod outbox;
pub mod person;
pub mod playbook;
pub mod portfolio;
pub mod stage_count;
pub mod stage_run;
pub mod token;
pub mod venture;
pub mod waiting;
pub mod waiting_refresh;
pub mod webhook_attempt;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod webhook_event;
pub mod webhook_message;
pub mod webhook_source;

pub use name::Name;
