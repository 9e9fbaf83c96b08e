//! The types of the schema, one file for what belongs together.

pub(crate) mod connection;
pub(crate) mod event;
pub(crate) mod evidence;
pub(crate) mod filter;
pub(crate) mod gate;
pub(crate) mod gate_run;
pub(crate) mod job;
pub(crate) mod member;
pub(crate) mod metric_sample;
pub(crate) mod node;
pub(crate) mod operations;
pub(crate) mod order;
pub(crate) mod person;
pub(crate) mod playbook;
pub(crate) mod portfolio;
pub(crate) mod rate_limit;
pub(crate) mod stage;
pub(crate) mod stage_run;
pub(crate) mod token;
pub(crate) mod venture;
pub(crate) mod viewer;
pub(crate) mod waiting;
pub(crate) mod webhook;
pub(crate) mod webhook_source;
