//! `set_roles`: a member's roles become others.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    member,
};
use entity::member as row;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Gives a member these roles and no others. An ADMIN may give any role to anybody, themself included, as
/// they could through a person they add; it is on record who did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRoles {
    /// The member.
    pub member_id: Id<kind::Member>,
    /// The roles they have from now on, of the playbook's and the platform's.
    pub roles: Vec<String>,
}

#[async_trait]
impl Command for SetRoles {
    const NAME: &'static str = "set_roles";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::Member>;

    fn target(&self) -> Target {
        Target::Member(self.member_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio().await?;
        store::member::take_turn(cx.tx(), portfolio.id).await?;
        // As it is now that it is our turn.
        let member = store::find::<row::Model>(cx.tx(), &cx.scope(), self.member_id).await?;
        let playbook = cx.playbook(Id::new(portfolio.playbook_id)).await?;
        let after = member::granted(&self.roles, |role| playbook.roles.contains_key(role))?;
        let before = store::member::roles(&member)?;
        let others = store::member::other_admins(cx.tx(), &member).await?;
        member::keep_an_admin(&before, &after, others)?;
        let changed = row::Model { roles: serde_json::to_value(&after)?, ..member.clone() };
        let change =
            row::ActiveModel { id: Set(member.id), roles: Set(changed.roles.clone()), ..Default::default() };
        row::Entity::update(change).exec_without_returning(cx.tx()).await?;
        cx.changed(Some(store::member::state(&member)), Some(store::member::state(&changed)));
        if before != after {
            cx.emit(Event::MemberRolesChanged {
                member_id: self.member_id,
                person_id: Id::new(member.person_id),
                before,
                after,
            });
        }
        Ok(self.member_id)
    }
}
