//! `revoke_token`: a token is no good any more.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
};
use entity::token;
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Ends a token: one's own, or, as an ADMIN, one that is bound to the portfolio.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeToken {
    /// The token.
    pub token_id: Id<kind::Token>,
}

#[async_trait]
impl Command for RevokeToken {
    const NAME: &'static str = "revoke_token";
    const RIGHT: Right = Right::Oneself(&[Role::ADMIN]);
    type Output = Id<kind::Token>;

    fn target(&self) -> Target {
        Target::Token(self.token_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let row = store::token::find(cx.tx(), cx.actor(), self.token_id).await?;
        if row.revoked_at.is_some() {
            return Err(Refusal::new(Code::TokenRevoked, "this token was revoked before").into());
        }
        end(cx, row).await?;
        Ok(self.token_id)
    }
}

/// Ends a token, and records it.
pub(super) async fn end(cx: &mut Context<'_>, row: token::Model) -> Result<(), Error> {
    store::token::revoke(cx.tx(), row.id, cx.now()).await?;
    let revoked = token::Model { revoked_at: Some(cx.now()), ..row.clone() };
    cx.changed(Some(store::token::state(&row)), Some(store::token::state(&revoked)));
    // The history is a portfolio's; a token that reaches them all is in the audit alone.
    if row.portfolio_id.is_some() {
        cx.emit(Event::TokenRevoked { token_id: Id::new(row.id), person_id: Id::new(row.person_id) });
    }
    Ok(())
}
