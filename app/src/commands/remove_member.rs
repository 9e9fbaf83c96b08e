//! `remove_member`: a person loses their place in a portfolio, and the tokens bound to it.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    member,
};
use entity::member as row;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};

use super::revoke_token::end;
use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Takes a member's place away. What they did stays theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveMember {
    /// The member.
    pub member_id: Id<kind::Member>,
}

#[async_trait]
impl Command for RemoveMember {
    const NAME: &'static str = "remove_member";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::Member>;

    fn target(&self) -> Target {
        Target::Member(self.member_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        store::member::take_turn(cx.tx(), cx.portfolio_id()?.uuid()).await?;
        // As it is now that it is our turn.
        let member = store::find::<row::Model>(cx.tx(), &cx.scope(), self.member_id).await?;
        let others = store::member::other_admins(cx.tx(), &member).await?;
        member::keep_an_admin(&store::member::roles(&member)?, &[], others)?;
        // Else they would be good again on the day the person is added again.
        for token in store::token::bound(cx.tx(), member.portfolio_id, member.person_id).await? {
            end(cx, token).await?;
        }
        row::Entity::delete_by_id(member.id).exec(cx.tx()).await?;
        cx.changed(Some(store::member::state(&member)), None);
        cx.emit(Event::MemberRemoved { member_id: self.member_id, person_id: Id::new(member.person_id) });
        Ok(self.member_id)
    }
}
