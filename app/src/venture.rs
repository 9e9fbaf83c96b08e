//! Ventures: created, described, paused, resumed, killed, and moved on from stage to stage.

pub(crate) mod advance_venture;
pub mod counts;
pub(crate) mod create_venture;
pub(crate) mod kill_venture;
pub mod list;
pub(crate) mod pause_venture;
pub(crate) mod resume_venture;
pub(crate) mod store;
pub(crate) mod update_venture;

use crate::command::commands;

commands! {
    create_venture { CreateVenture }
    update_venture { UpdateVenture }
    pause_venture { PauseVenture }
    resume_venture { ResumeVenture }
    kill_venture { KillVenture }
    advance_venture { AdvanceVenture }
}
