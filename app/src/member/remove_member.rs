//! `remove_member`: a person loses their place in a portfolio, and the tokens bound to it.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    member,
};
use entity::member as row;
use schemars::JsonSchema;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    token::{
        self,
        revoke_token::{TokenRevoked, end},
    },
};

/// Takes a member's place away. What they did stays theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveMember {
    /// The member.
    pub member_id: Id<kind::Member>,
}

/// A person is no longer a member of the portfolio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MemberRemoved {
    /// The member.
    pub member_id: Id<kind::Member>,
    /// The person.
    pub person_id: Id<kind::Person>,
}

impl Event for MemberRemoved {
    const KIND: &'static str = "member.removed.v1";
}

#[async_trait]
impl Command for RemoveMember {
    const NAME: &'static str = "remove_member";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] =
        &[event::Declared::of::<MemberRemoved>(), event::Declared::of::<TokenRevoked>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Member);
    type Output = Id<kind::Member>;

    fn target(&self) -> Target {
        Target::record::<entity::member::Model>(self.member_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let member = cx.record_row::<row::Model>()?.clone();
        let others = store::other_admins(cx.tx(), &member).await?;
        member::keep_an_admin(&store::roles(&member)?, &[], others)?;
        // Otherwise adding the person again would revive their tokens.
        for token in token::store::bound(cx.tx(), member.portfolio_id, member.person_id).await? {
            end(cx, token).await?;
        }
        row::Entity::delete_by_id(member.id).exec(cx.tx()).await?;
        cx.changed(Some(store::state(&member)), None);
        cx.emit(MemberRemoved { member_id: self.member_id, person_id: Id::new(member.person_id) });
        Ok(self.member_id)
    }
}
