//! Members: persons in portfolios, with their roles there.

pub(crate) mod add_member;
pub mod list;
pub(crate) mod remove_member;
pub(crate) mod set_roles;
pub(crate) mod store;

use crate::command::commands;

commands! {
    add_member { AddMember }
    set_roles { SetRoles }
    remove_member { RemoveMember }
}
