//! `revoke_token`: a token is no good any more.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
};
use entity::token;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Scope, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

/// Ends a token: one's own, or, as an ADMIN, one that is bound to the portfolio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeToken {
    /// The token.
    pub token_id: Id<kind::Token>,
}

/// An API token bound to the portfolio was revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TokenRevoked {
    /// The API token.
    pub token_id: Id<kind::Token>,
    /// The person.
    pub person_id: Id<kind::Person>,
}

impl Event for TokenRevoked {
    const KIND: &'static str = "token.revoked.v1";
}

#[async_trait]
impl Command for RevokeToken {
    const NAME: &'static str = "revoke_token";
    const RIGHT: Right = Right::Oneself(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<TokenRevoked>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Token);
    type Output = Id<kind::Token>;

    fn target(&self) -> Target {
        Target::record::<token::Model>(self.token_id)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.record::<token::Model>().map_or(Ok(()), require_good)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let row = crate::record::lock::<token::Model>(cx.tx(), &Scope::All, self.token_id).await?;
        require_good(&row)?;
        end(cx, row).await?;
        Ok(self.token_id)
    }
}

fn require_good(row: &token::Model) -> Result<(), Refusal> {
    match row.revoked_at {
        Some(_) => Err(Refusal::new(Code::TokenRevoked, "this token was revoked before")),
        None => Ok(()),
    }
}

/// Ends a token, and records it.
pub(crate) async fn end(cx: &mut Context<'_>, row: token::Model) -> Result<(), Error> {
    store::revoke(cx.tx(), row.id, cx.now()).await?;
    let revoked = token::Model { revoked_at: Some(cx.now()), ..row.clone() };
    cx.changed(Some(store::state(&row)), Some(store::state(&revoked)));
    // The history is a portfolio's; a token that reaches them all is in the audit alone.
    if row.portfolio_id.is_some() {
        cx.emit(TokenRevoked { token_id: Id::new(row.id), person_id: Id::new(row.person_id) });
    }
    Ok(())
}
