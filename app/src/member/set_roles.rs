//! `set_roles`: a member's roles become others.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    member,
};
use entity::member as row;
use schemars::JsonSchema;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Gives a member these roles and no others. An ADMIN may give any role to anybody, themself included, as
/// they could through a person they add; it is on record who did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRoles {
    /// The member.
    pub member_id: Id<kind::Member>,
    /// The roles they have from now on, of the playbook's and the platform's.
    pub roles: Vec<String>,
}

/// The roles of a member changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MemberRolesChanged {
    /// The member.
    pub member_id: Id<kind::Member>,
    /// The person.
    pub person_id: Id<kind::Person>,
    /// The roles before.
    pub before: Vec<Role>,
    /// The roles now.
    pub after: Vec<Role>,
}

impl Event for MemberRolesChanged {
    const KIND: &'static str = "member.roles_changed.v1";
}

#[async_trait]
impl Command for SetRoles {
    const NAME: &'static str = "set_roles";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<MemberRolesChanged>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Member);
    type Output = Id<kind::Member>;

    fn target(&self) -> Target {
        Target::record::<entity::member::Model>(self.member_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio()?.clone();
        let member = cx.record_row::<row::Model>()?.clone();
        let playbook = cx.playbook(portfolio.playbook_id).await?;
        let after = member::granted(&self.roles, |role| playbook.roles.contains_key(role))?;
        let before = store::roles(&member)?;
        let others = store::other_admins(cx.tx(), &member).await?;
        member::keep_an_admin(&before, &after, others)?;
        let changed = row::Model { roles: serde_json::to_value(&after)?, ..member.clone() };
        let change =
            row::ActiveModel { id: Set(member.id), roles: Set(changed.roles.clone()), ..Default::default() };
        row::Entity::update(change).exec_without_returning(cx.tx()).await?;
        cx.changed(Some(store::state(&member)), Some(store::state(&changed)));
        if before != after {
            cx.emit(MemberRolesChanged {
                member_id: self.member_id,
                person_id: Id::new(member.person_id),
                before,
                after,
            });
        }
        Ok(self.member_id)
    }
}
