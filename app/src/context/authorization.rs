//! Whether the actor may run a command on what it is about.

use domain::{Role, id::Id};

use super::Context;
use crate::{Actor, Command, Error, Right};

impl Context<'_> {
    pub(super) async fn authorize<C: Command>(&mut self) -> Result<(), Error> {
        let denied =
            |roles: &str| Err(Error::Forbidden(format!("{} needs one of the roles {roles}", C::NAME)));
        match (C::RIGHT, &self.request.actor) {
            (Right::Agent, Actor::Agent(_)) => Ok(()),
            (Right::Agent, Actor::Person(_)) => {
                Err(Error::Forbidden(format!("{} is done by agents", C::NAME)))
            }
            (_, Actor::Agent(name)) => Err(Error::Forbidden(format!("agent {name} may not {}", C::NAME))),
            (Right::Anywhere(roles), actor) if roles.iter().any(|r| actor.holds_anywhere(r)) => Ok(()),
            (Right::Anywhere(roles), _) => denied(&roles.join(", ")),
            (Right::Oneself(_), _) if self.is_own() => Ok(()),
            (Right::Oneself(roles), _) if self.portfolio_id().is_err() => Err(Error::Forbidden(format!(
                "{} is for its holder, with a token that is not restricted, and for the roles {}",
                C::NAME,
                roles.join(", ")
            ))),
            (Right::Platform(roles) | Right::Oneself(roles), actor) => {
                let held = actor.roles_in(self.portfolio_id()?);
                if held.iter().any(|r| roles.contains(&r.as_str())) {
                    Ok(())
                } else {
                    denied(&roles.join(", "))
                }
            }
            (Right::PlaybookOrAsker, Actor::Person(person))
                if self.subject.owner == Some(person.id) && !person.credential.is_narrowed() =>
            {
                Ok(())
            }
            (Right::Playbook | Right::PlaybookOrAsker, _) => {
                let id = Id::new(self.portfolio().await?.playbook_id);
                let playbook = self.playbook(id).await?;
                let held = self.request.actor.roles_in(self.portfolio_id()?);
                if playbook.holders(C::NAME).any(|role| held.contains(role)) {
                    return Ok(());
                }
                let roles: Vec<_> = playbook.holders(C::NAME).map(Role::as_str).collect();
                denied(&roles.join(", "))
            }
        }
    }

    /// Whether the target is the caller's own affair, and what they signed in with reaches it: a token that
    /// is restricted decides of no other token of its holder's.
    fn is_own(&self) -> bool {
        let Some(person) = self.request.actor.person() else { return false };
        let owned = self.subject.owner.is_none_or(|owner| owner == person.id);
        let itself = person.credential.token().map(Id::uuid);
        owned && (!person.credential.is_restricted() || (itself.is_some() && self.subject.record == itself))
    }
}
