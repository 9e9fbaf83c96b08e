//! Mutations of API tokens.

use app::commands::{self, CreatedToken};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id::{Id, kind};

use super::ApiToken;
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, change},
    global_id::{Kind, id_of},
    session::session,
    settings::TokenDays,
};

/// Input of `createToken`.
#[derive(InputObject)]
pub(crate) struct CreateToken {
    /// Global id of the member who will hold the token. The token is bound to the member's portfolio. Default: the
    /// caller holds the token.
    member_id: Option<ID>,
    /// Global id of the only portfolio that the token reaches. Default: the member's portfolio or, without `memberId`,
    /// all portfolios of the caller, including future ones.
    portfolio_id: Option<ID>,
    /// Roles that the token is limited to. The holder must have each of them where the token reaches. An empty list
    /// creates a token that only reads. Default: all roles of the holder, including future ones.
    roles: Option<Vec<String>>,
    /// Purpose of the token, 1 to 100 characters.
    label: String,
    /// Days until the token expires. The installation sets the default and the maximum. The token never outlives the
    /// token that creates it.
    expires_in_days: Option<u32>,
}

impl Input for CreateToken {
    type Command = commands::CreateToken;
    type Payload = CreateTokenAnswer;

    async fn command(self, ctx: &Context<'_>) -> Result<commands::CreateToken, NotRun> {
        let id = |id: &ID| id_of(Kind::Member, id);
        let member_id = self.member_id.as_ref().map(id).transpose()?;
        let id = |id: &ID| id_of(Kind::Portfolio, id);
        let portfolio_id = self.portfolio_id.as_ref().map(id).transpose()?;
        let expires_in_days = ctx.data::<TokenDays>()?.checked(self.expires_in_days)?;
        Ok(commands::CreateToken {
            member_id,
            portfolio_id,
            roles: self.roles,
            label: self.label,
            expires_in_days,
        })
    }
}

/// What `createToken` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct CreateTokenAnswer {
    /// Record of the token. Null when the mutation was refused.
    token: Option<ApiToken>,
    /// The token itself, which follows `Bearer` in the header `Authorization`. It is shown once and not stored. Null
    /// when the mutation was refused, and in the answer to a repeat with the same idempotency key: if the first answer
    /// was lost, revoke the token and create another.
    secret: Option<String>,
}

impl Payload<commands::CreateToken> for CreateTokenAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &commands::CreateToken,
        created: CreatedToken,
    ) -> async_graphql::Result<Self> {
        Ok(Self {
            token: Some(session(ctx)?.get(created.token_id.uuid()).await?),
            secret: created.secret.map(|secret| secret.expose().to_owned()),
        })
    }
}

/// Input of `revokeToken`.
#[derive(InputObject)]
pub(crate) struct RevokeToken {
    /// Global id of the token: one of the caller's own or, for an ADMIN, one that is bound to the portfolio.
    token_id: ID,
}

impl Input for RevokeToken {
    type Command = commands::RevokeToken;
    type Payload = RevokeTokenAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::RevokeToken, NotRun> {
        Ok(commands::RevokeToken { token_id: id_of(Kind::Token, &self.token_id)? })
    }
}

/// What `revokeToken` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct RevokeTokenAnswer {
    /// The token after the change. Null when the mutation was refused.
    token: Option<ApiToken>,
}

impl Payload<commands::RevokeToken> for RevokeTokenAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &commands::RevokeToken,
        id: Id<kind::Token>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { token: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Mutations of API tokens.
#[derive(Default)]
pub(crate) struct TokenMutation;

/// Mutations of API tokens.
#[Object]
impl TokenMutation {
    /// Creates an API token for the caller or, with the role ADMIN, for a member of the portfolio. A token that is
    /// bound to a portfolio or limited to some roles can create tokens only if it has the role ADMIN there.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The holder, the purpose and the reach of the token.")] input: Keyed<CreateToken>,
    ) -> Changed<CreateToken> {
        change(ctx, input).await
    }

    /// Revokes an API token for good. The next request with the token is refused. Callers can revoke their own tokens;
    /// an ADMIN can revoke tokens that are bound to the portfolio.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: Keyed<RevokeToken>,
    ) -> Changed<RevokeToken> {
        change(ctx, input).await
    }
}
