//! Whether the actor may run a command on what it is about: one table of rights, for what is refused and for what is
//! offered.

use domain::{
    Refusal, Role,
    id::{Id, kind},
    playbook::Playbook,
};
use uuid::Uuid;

use super::Context;
use crate::{
    Actor, Command, Error, Right,
    command::{self, Standing},
    global_id::Kind,
};

/// What a right is held against.
struct Claim<'a> {
    command: &'a str,
    actor: &'a Actor,
    portfolio: Option<Id<kind::Portfolio>>,
    /// The playbook that the portfolio uses now; none where the right does not ask it.
    playbook: Option<&'a Playbook>,
    record: Option<Uuid>,
    owner: Option<Uuid>,
}

impl Context<'_> {
    pub(super) async fn authorize<C: Command>(&mut self) -> Result<(), Error> {
        let playbook = match C::RIGHT {
            Right::Playbook | Right::PlaybookOrAsker if self.actor().person().is_some() => {
                Some(self.playbook(self.portfolio()?.playbook_id).await?)
            }
            _ => None,
        };
        let claim = Claim {
            command: C::NAME,
            actor: self.actor(),
            portfolio: self.portfolio_id().ok(),
            playbook: playbook.as_deref(),
            record: self.subject.record.map(|record| record.id),
            owner: self.subject.owner,
        };
        claim.check(C::RIGHT)
    }

    /// The roles that the actor holds in the portfolio and by which they may run a command that the playbook governs.
    pub async fn roles_for<C: Command>(&self) -> Result<Vec<Role>, Error> {
        let portfolio = self.portfolio()?;
        let playbook = self.playbook(portfolio.playbook_id).await?;
        let held = self.actor().roles_in(portfolio.id).iter();
        Ok(held.filter(|role| playbook.holders(C::NAME).any(|holder| holder == *role)).cloned().collect())
    }
}

impl Claim<'_> {
    fn check(&self, right: Right) -> Result<(), Error> {
        let name = self.command;
        let person = match (right, self.actor) {
            (Right::Agent, Actor::Agent(_)) => return Ok(()),
            (Right::Agent, Actor::Person(_)) => {
                return Err(Error::Forbidden(format!("{name} is done by agents")));
            }
            (_, Actor::Agent(agent)) => {
                return Err(Error::Forbidden(format!("agent {agent} may not {name}")));
            }
            (_, Actor::Person(person)) => person,
        };
        let is_own = match right {
            Right::Oneself(_) => self.is_own(),
            Right::PlaybookOrAsker => {
                self.owner == Some(person.id.uuid()) && !person.credential.is_narrowed()
            }
            _ => false,
        };
        if is_own {
            return Ok(());
        }
        let allowed: Vec<&str> = match right {
            Right::Anywhere(roles) if roles.iter().any(|role| self.actor.holds_anywhere(role)) => {
                return Ok(());
            }
            Right::Anywhere(roles) | Right::Platform(roles) | Right::Oneself(roles) => roles.to_vec(),
            Right::Playbook | Right::PlaybookOrAsker => self
                .playbook
                .into_iter()
                .flat_map(|playbook| playbook.holders(name))
                .map(Role::as_str)
                .collect(),
            Right::Agent => Vec::new(),
        };
        let held = self.portfolio.map_or(&[][..], |portfolio| self.actor.roles_in(portfolio));
        let anywhere = matches!(right, Right::Anywhere(_));
        if !anywhere && held.iter().any(|role| allowed.contains(&role.as_str())) {
            return Ok(());
        }
        let roles = allowed.join(", ");
        Err(Error::Forbidden(match (right, self.portfolio) {
            (Right::Oneself(_), None) => format!(
                "{name} is for its holder, with a token that is not restricted, and for the roles {roles}"
            ),
            _ => format!("{name} needs one of the roles {roles}"),
        }))
    }

    /// Whether the target is the caller's own affair, and what they signed in with reaches it: a token that
    /// is restricted decides of no other token of its holder's.
    fn is_own(&self) -> bool {
        let Some(person) = self.actor.person() else { return false };
        let owned = self.owner.is_none_or(|owner| owner == person.id.uuid());
        let itself = person.credential.token().map(Id::uuid);
        owned && (!person.credential.is_restricted() || (itself.is_some() && self.record == itself))
    }
}

/// What a person can ask for on a record, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Name of the command.
    pub name: &'static str,
    /// Why it would be refused; none: it is allowed.
    pub refused: Option<Denied>,
}

/// Why a command would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The person may not: a sentence that names the roles.
    Forbidden(String),
    /// The state of the record does not allow it.
    Refused(Refusal),
}

/// What `actor` can ask for on a record of a kind: every command that acts on the kind, with the answer of the table of
/// rights and of the command itself. A command may still be refused for its input, or because somebody else was faster.
pub fn permitted(
    actor: &Actor,
    kind: Kind,
    playbook: &Playbook,
    (portfolio, record, owner): (Id<kind::Portfolio>, Uuid, Option<Uuid>),
    standing: &Standing<'_>,
) -> Vec<Action> {
    let acting = command::all().into_iter().filter(|command| command.acts_on == Some(kind));
    acting
        .map(|command| {
            let claim = Claim {
                command: command.name,
                actor,
                portfolio: Some(portfolio),
                playbook: Some(playbook),
                record: Some(record),
                owner,
            };
            let refused = match claim.check(command.right) {
                Err(Error::Forbidden(reason)) => Some(Denied::Forbidden(reason)),
                _ => (command.ready)(standing).err().map(Denied::Refused),
            };
            Action { name: command.name, refused }
        })
        .collect()
}
