//! Portfolios: founded, and run by a playbook.

pub(crate) mod adopt_playbook;
pub(crate) mod create_portfolio;
pub mod list;
pub(crate) mod store;

use crate::command::commands;

commands! {
    create_portfolio { CreatePortfolio, FoundPortfolio }
    adopt_playbook { AdoptPlaybook }
}
