//! Gate runs: validations of gates, requested by people and decided by a worker.

pub(crate) mod assessment;
pub(crate) mod decide_gate;
pub mod list;
pub(crate) mod request_gate_validation;
pub(crate) mod store;

use crate::command::commands;

commands! {
    request_gate_validation { RequestGateValidation }
    decide_gate { DecideGate }
}
