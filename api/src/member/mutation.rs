//! Mutations of members.

use app::{Command, commands};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id::{Id, kind};

use super::Member;
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, change},
    global_id::{Kind, encode, id_of},
    person::PersonKind,
    session::session,
};

/// What `addMember` and `setRoles` answer.
#[derive(SimpleObject, Default)]
pub(crate) struct MemberAnswer {
    /// The member after the change. Null when the mutation was refused.
    member: Option<Member>,
}

impl<C: Command<Output = Id<kind::Member>>> Payload<C> for MemberAnswer {
    async fn read(ctx: &Context<'_>, _: &C, id: Id<kind::Member>) -> async_graphql::Result<Self> {
        Ok(Self { member: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Input of `addMember`.
#[derive(InputObject)]
pub(crate) struct AddMember {
    /// Global id of the portfolio.
    portfolio_id: ID,
    /// Short name, unique over all portfolios: 2 to 100 characters of a-z, 0-9, `.`, `_` and `-`, starting with a
    /// letter. Creates the person if no one has this handle.
    handle: String,
    /// Name, 1 to 120 characters. The name of an existing person stays as it is.
    name: String,
    /// Kind. The kind of an existing person stays as it is.
    #[graphql(default_with = "PersonKind::Person")]
    kind: PersonKind,
    /// E-mail address, at most 254 characters. For an existing person it must match the address on record.
    email: Option<String>,
    /// Subject (`sub`) at the OIDC issuer, 1 to 255 characters. For an existing person it must match the subject on
    /// record.
    oidc_subject: Option<String>,
    /// Roles of the new member: at least one, of the playbook or of the platform.
    roles: Vec<String>,
}

impl Input for AddMember {
    type Command = commands::AddMember;
    type Payload = MemberAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::AddMember, NotRun> {
        Ok(commands::AddMember {
            portfolio_id: id_of(Kind::Portfolio, &self.portfolio_id)?,
            handle: self.handle,
            name: self.name,
            kind: self.kind.into(),
            email: self.email,
            subject: self.oidc_subject,
            roles: self.roles,
        })
    }
}

/// Input of `setRoles`.
#[derive(InputObject)]
pub(crate) struct SetRoles {
    /// Global id of the member.
    member_id: ID,
    /// The member's roles from now on: at least one, of the playbook or of the platform.
    roles: Vec<String>,
}

impl Input for SetRoles {
    type Command = commands::SetRoles;
    type Payload = MemberAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::SetRoles, NotRun> {
        Ok(commands::SetRoles { member_id: id_of(Kind::Member, &self.member_id)?, roles: self.roles })
    }
}

/// Input of `removeMember`.
#[derive(InputObject)]
pub(crate) struct RemoveMember {
    /// Global id of the member.
    member_id: ID,
}

impl Input for RemoveMember {
    type Command = commands::RemoveMember;
    type Payload = RemoveMemberAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::RemoveMember, NotRun> {
        Ok(commands::RemoveMember { member_id: id_of(Kind::Member, &self.member_id)? })
    }
}

/// What `removeMember` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct RemoveMemberAnswer {
    /// Global id of the removed member. Null when the mutation was refused.
    removed_member_id: Option<ID>,
}

impl Payload<commands::RemoveMember> for RemoveMemberAnswer {
    async fn read(
        _: &Context<'_>,
        _: &commands::RemoveMember,
        id: Id<kind::Member>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { removed_member_id: Some(encode(Kind::Member, id.uuid())) })
    }
}

/// Mutations of members.
#[derive(Default)]
pub(crate) struct MemberMutation;

/// Mutations of members.
#[Object]
impl MemberMutation {
    /// Adds a member to a portfolio. Requires the role ADMIN in the portfolio. Name, e-mail and kind of an existing
    /// person stay as they are; they must match. If the existing person has an e-mail address or an OIDC subject on
    /// record, the input must contain one of the two.
    async fn add_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person and the roles.")] input: Keyed<AddMember>,
    ) -> Changed<AddMember> {
        change(ctx, input).await
    }

    /// Removes a member from a portfolio. Revokes all API tokens of the person that are bound to the portfolio.
    /// Requires the role ADMIN in the portfolio. The last ADMIN cannot be removed.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member.")] input: Keyed<RemoveMember>,
    ) -> Changed<RemoveMember> {
        change(ctx, input).await
    }

    /// Replaces the roles of a member. Requires the role ADMIN in the portfolio. An ADMIN can give any role to any
    /// member, including themselves. The last ADMIN keeps the role ADMIN.
    async fn set_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member and the new roles.")] input: Keyed<SetRoles>,
    ) -> Changed<SetRoles> {
        change(ctx, input).await
    }
}
