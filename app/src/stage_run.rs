//! Stage runs: opened, completed, skipped, and flagged when they are late.

pub(crate) mod complete_stage_run;
pub(crate) mod flag_late_stage_run;
pub mod list;
pub(crate) mod open_stage_run;
pub(crate) mod skip_stage_run;
pub mod store;

use crate::command::commands;

commands! {
    open_stage_run { OpenStageRun }
    complete_stage_run { CompleteStageRun }
    skip_stage_run { SkipStageRun }
    flag_late_stage_run { FlagLateStageRun }
}
