//! Mutations of members and API tokens.

use app::commands;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id::Id;
use uuid::Uuid;

use super::{attempt, key_of, run};
use crate::{
    error::{UserError, not_found},
    global_id::{Kind, encode},
    loader::{MemberKey, TokenKey},
    session::session,
    settings::TokenDays,
    types::{member::Member, person::PersonKind, token::ApiToken},
};

/// Input of `addMember`.
#[derive(InputObject)]
pub(crate) struct AddMemberInput {
    /// The portfolio.
    portfolio_id: ID,
    /// Short name, unique over all portfolios: 2 to 100 characters of a-z, 0-9, `.`, `_` and `-`, starting with
    /// a letter. Who is not known by it yet becomes known by it.
    handle: String,
    /// Name as shown, 1 to 120 characters. Of a person who is known it stays as it is.
    name: String,
    /// Who stands behind the record. Of a person who is known it stays as it is.
    #[graphql(default_with = "PersonKind::Person")]
    kind: PersonKind,
    /// E-mail address of at most 254 characters. Of a person who is known it must be theirs.
    email: Option<String>,
    /// Who they are to the OIDC issuer, its `sub`: 1 to 255 characters. Of a person who is known it must be
    /// theirs.
    oidc_subject: Option<String>,
    /// The roles they get, at least one of the playbook's or the platform's.
    roles: Vec<String>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `removeMember`.
#[derive(InputObject)]
pub(crate) struct RemoveMemberInput {
    /// The member.
    member_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `setRoles`.
#[derive(InputObject)]
pub(crate) struct SetRolesInput {
    /// The member.
    member_id: ID,
    /// The roles they have from now on, at least one of the playbook's or the platform's.
    roles: Vec<String>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `createToken`.
#[derive(InputObject)]
pub(crate) struct CreateTokenInput {
    /// For this member, bound to their portfolio; for the caller when not given.
    member_id: Option<ID>,
    /// The one portfolio it reaches. When not given: the member's, or all of the caller's, now and later.
    portfolio_id: Option<ID>,
    /// The roles it is held to, each held where it reaches; an empty list makes a token that only reads. When
    /// not given: all of its holder's, now and later.
    roles: Option<Vec<String>>,
    /// What it is for, 1 to 100 characters.
    label: String,
    /// Days after which it ends by itself; the installation sets how many there are when not given, and at most.
    /// It ends no later than the token it is made with.
    expires_in_days: Option<u32>,
    /// The caller's key: the same key again gives the same answer, without the secret, and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `revokeToken`.
#[derive(InputObject)]
pub(crate) struct RevokeTokenInput {
    /// The token: one of the caller's own, or, for an ADMIN, one that is bound to the portfolio.
    token_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// What came of `addMember` or `setRoles`.
#[derive(SimpleObject)]
pub(crate) struct MemberPayload {
    /// The member as they are now; null when it was refused.
    member: Option<Member>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// What came of `removeMember`.
#[derive(SimpleObject)]
pub(crate) struct RemoveMemberPayload {
    /// Global id of the member who was removed; null when it was refused.
    removed_member_id: Option<ID>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// What came of `createToken`.
#[derive(SimpleObject)]
pub(crate) struct CreateTokenPayload {
    /// The token's record; null when it was refused.
    token: Option<ApiToken>,
    /// The token itself: what follows `Bearer` in the `Authorization` header. It is shown this once and kept
    /// nowhere, so a request repeated under its idempotency key is answered with null; revoke the token and make
    /// another if the first answer was lost.
    secret: Option<String>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// What came of `revokeToken`.
#[derive(SimpleObject)]
pub(crate) struct RevokeTokenPayload {
    /// The token as it is now; null when it was refused.
    token: Option<ApiToken>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// Members and their API tokens.
pub(crate) struct IdentityMutation;

/// Members and their API tokens.
#[Object]
impl IdentityMutation {
    /// Makes somebody a member of a portfolio. For holders of ADMIN there. Of a person who is known nothing
    /// changes, as they may be members elsewhere: what is given of them must be what is on record, and of who has
    /// an e-mail address or OIDC subject on record one of them must be given.
    async fn add_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and with which roles.")] input: AddMemberInput,
    ) -> Option<async_graphql::Result<MemberPayload>> {
        attempt(async {
            let command = commands::AddMember {
                portfolio_id: Id::new(key_of(ctx, Kind::Portfolio, &input.portfolio_id)?),
                handle: input.handle,
                name: input.name,
                kind: input.kind.into(),
                email: input.email,
                subject: input.oidc_subject,
                roles: input.roles,
            };
            member(ctx, run(ctx, input.idempotency_key, &command).await?.map(Id::uuid)).await
        })
        .await
    }

    /// Ends a person's membership, and with it every API token of theirs that is bound to the portfolio. For
    /// holders of ADMIN there; the last one of them stays.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member.")] input: RemoveMemberInput,
    ) -> Option<async_graphql::Result<RemoveMemberPayload>> {
        attempt(async {
            let member_id = Id::new(key_of(ctx, Kind::Member, &input.member_id)?);
            let command = commands::RemoveMember { member_id };
            Ok(match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => RemoveMemberPayload {
                    removed_member_id: Some(encode(Kind::Member, id.uuid())),
                    user_errors: Vec::new(),
                },
                Err(user_errors) => RemoveMemberPayload { removed_member_id: None, user_errors },
            })
        })
        .await
    }

    /// Gives a member these roles and no others. For holders of ADMIN in the portfolio, who may give any role to
    /// anybody, themselves included; the last ADMIN stays one.
    async fn set_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member, and which roles.")] input: SetRolesInput,
    ) -> Option<async_graphql::Result<MemberPayload>> {
        attempt(async {
            let member_id = Id::new(key_of(ctx, Kind::Member, &input.member_id)?);
            let command = commands::SetRoles { member_id, roles: input.roles };
            member(ctx, run(ctx, input.idempotency_key, &command).await?.map(Id::uuid)).await
        })
        .await
    }

    /// Makes an API token: for oneself, or, by a holder of ADMIN, for a member of the portfolio. A token that is
    /// itself bound to a portfolio or held to some roles makes none for its holder, unless it holds ADMIN there.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For whom, and how far it reaches.")] input: CreateTokenInput,
    ) -> Option<async_graphql::Result<CreateTokenPayload>> {
        attempt(async {
            let member_id = input.member_id.map(|id| key_of(ctx, Kind::Member, &id)).transpose()?;
            let portfolio_id = input.portfolio_id.map(|id| key_of(ctx, Kind::Portfolio, &id)).transpose()?;
            let refused = |user_errors| CreateTokenPayload { token: None, secret: None, user_errors };
            let expires_in_days = match ctx.data::<TokenDays>()?.checked(input.expires_in_days) {
                Ok(days) => days,
                Err(refusal) => return Ok(refused(vec![refusal.into()])),
            };
            let command = commands::CreateToken {
                member_id: member_id.map(Id::new),
                portfolio_id: portfolio_id.map(Id::new),
                roles: input.roles,
                label: input.label,
                expires_in_days,
            };
            match run(ctx, input.idempotency_key, &command).await? {
                Ok(made) => Ok(CreateTokenPayload {
                    token: Some(token(ctx, made.token_id.uuid()).await?),
                    secret: made.secret.map(|secret| secret.expose().to_owned()),
                    user_errors: Vec::new(),
                }),
                Err(user_errors) => Ok(refused(user_errors)),
            }
        })
        .await
    }

    /// Ends an API token for good, from the next request on: one of the caller's own, or, by a holder of ADMIN,
    /// one that is bound to the portfolio.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] input: RevokeTokenInput,
    ) -> Option<async_graphql::Result<RevokeTokenPayload>> {
        attempt(async {
            let token_id = Id::new(key_of(ctx, Kind::Token, &input.token_id)?);
            let command = commands::RevokeToken { token_id };
            Ok(match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => {
                    RevokeTokenPayload { token: Some(token(ctx, id.uuid()).await?), user_errors: Vec::new() }
                }
                Err(user_errors) => RevokeTokenPayload { token: None, user_errors },
            })
        })
        .await
    }
}

/// The member that a command was about, as they are now.
async fn member(
    ctx: &Context<'_>,
    outcome: Result<Uuid, Vec<UserError>>,
) -> async_graphql::Result<MemberPayload> {
    let id = match outcome {
        Ok(id) => id,
        Err(user_errors) => return Ok(MemberPayload { member: None, user_errors }),
    };
    let found = session(ctx)?.load(MemberKey(id)).await?;
    let member = found.map(Member).ok_or_else(|| not_found("the member"))?;
    Ok(MemberPayload { member: Some(member), user_errors: Vec::new() })
}

/// A token that the caller may see, as it is now.
async fn token(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<ApiToken> {
    let found = session(ctx)?.load(TokenKey(id)).await?;
    found.map(ApiToken).ok_or_else(|| not_found("the token"))
}
