//! Evidence, the attestations it stands behind, and the files it names.

pub(crate) mod attest;
pub mod list;
pub(crate) mod store;
pub(crate) mod store_file;
pub(crate) mod submit_evidence;
pub(crate) mod withdraw_evidence;

use crate::command::commands;

commands! {
    attest { Attest }
    submit_evidence { SubmitEvidence }
    withdraw_evidence { WithdrawEvidence }
    store_file { StoreFile }
}
