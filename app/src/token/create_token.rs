//! `create_token`: an API token for oneself, or by an ADMIN for a member.

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use domain::{
    Refusal, Role,
    id::{Id, kind},
    member::{self, MAX_TOKEN_DAYS, MAX_TOKENS},
    refusal::Code,
    text,
};
use entity::{member as member_row, token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store;
use crate::{
    Actor, Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    token::{Secret, hash},
};

/// Makes an API token. It never reaches further than who makes it, nor outlives the token it is made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateToken {
    /// For this member, and bound to their portfolio; none: for oneself.
    pub member_id: Option<Id<kind::Member>>,
    /// The one portfolio it reaches; none, for oneself: all one's own, now and later.
    pub portfolio_id: Option<Id<kind::Portfolio>>,
    /// The roles it is held to, an empty list for a token that reads; none: all of its holder's, now and
    /// later.
    pub roles: Option<Vec<String>>,
    /// What it is for, 1 to 100 characters.
    pub label: String,
    /// Days after which it ends by itself, 1 to [`MAX_TOKEN_DAYS`].
    pub expires_in_days: u32,
}

/// A token that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatedToken {
    /// Its record.
    pub token_id: Id<kind::Token>,
    /// The token itself. It is no part of what is kept for a repeated request, which is answered without.
    #[serde(skip)]
    pub secret: Option<Secret>,
}

/// An API token bound to the portfolio was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TokenCreated {
    /// The API token.
    pub token_id: Id<kind::Token>,
    /// The person.
    pub person_id: Id<kind::Person>,
    /// What the token is for.
    pub label: String,
    /// The roles that the token is restricted to; null: all roles of its holder.
    pub roles: Option<Vec<Role>>,
    /// When the token expires; null: never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Event for TokenCreated {
    const KIND: &'static str = "token.created.v1";
}

#[async_trait]
impl Command for CreateToken {
    const NAME: &'static str = "create_token";
    const RIGHT: Right = Right::Oneself(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<TokenCreated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = CreatedToken;

    fn target(&self) -> Target {
        match (self.member_id, self.portfolio_id) {
            (Some(member), _) => Target::record::<entity::member::Model>(member),
            (None, Some(portfolio)) => Target::root(portfolio),
            (None, None) => Target::platform(),
        }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let label = text::line("label", &self.label, 1, 100)?;
        if !(1..=MAX_TOKEN_DAYS).contains(&self.expires_in_days) {
            let message = format!("a token lasts 1 to {MAX_TOKEN_DAYS} days");
            return Err(Refusal::invalid("expiresInDays", message).into());
        }
        let holder = self.holder(cx).await?;
        let roles = self.roles.as_deref().map(|asked| member::narrowed(asked, &holder.roles)).transpose()?;
        let ends = cx.now() + Duration::days(i64::from(self.expires_in_days));
        let outlived = match cx.actor() {
            Actor::Person(maker) if maker.credential.token().is_some() => maker.credential.ends_at(),
            Actor::Person(_) | Actor::Agent(_) => None,
        };
        let draft = Draft {
            person: holder.person,
            portfolio: holder.portfolio,
            roles,
            label,
            expires_at: Some(outlived.map_or(ends, |end| end.min(ends))),
        };
        draft.write(cx).await
    }
}

/// Whom a token is for, and what they hold where it reaches.
struct Holder {
    person: Uuid,
    portfolio: Option<Id<kind::Portfolio>>,
    roles: Vec<Role>,
}

impl CreateToken {
    async fn holder(&self, cx: &Context<'_>) -> Result<Holder, Error> {
        let portfolio = cx.portfolio_id().ok();
        if self.portfolio_id.is_some_and(|named| Some(named) != portfolio) {
            let message = "a member's token is bound to the portfolio they are a member of";
            return Err(Refusal::invalid("portfolioId", message).into());
        }
        if let Some(id) = self.member_id {
            let member = crate::record::find::<member_row::Model>(cx.tx(), &cx.scope(), id).await?;
            return Ok(Holder {
                person: member.person_id,
                portfolio,
                roles: crate::member::store::roles(&member)?,
            });
        }
        let person = cx.person()?.uuid();
        let mut roles = Vec::new();
        for place in crate::member::store::all_of(cx.tx(), person).await? {
            if portfolio.is_none_or(|only| only.uuid() == place.portfolio_id) {
                roles.extend(crate::member::store::roles(&place)?);
            }
        }
        Ok(Holder { person, portfolio, roles })
    }
}

/// A token about to be made.
pub(crate) struct Draft {
    pub(crate) person: Uuid,
    pub(crate) portfolio: Option<Id<kind::Portfolio>>,
    pub(crate) roles: Option<Vec<Role>>,
    pub(crate) label: String,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Draft {
    /// Writes and records it.
    pub(crate) async fn write(self, cx: &mut Context<'_>) -> Result<CreatedToken, Error> {
        if store::count_good(cx.tx(), self.person, cx.now()).await? >= MAX_TOKENS {
            let message = format!("a person has at most {MAX_TOKENS} good tokens: revoke one first");
            return Err(Refusal::new(Code::TooManyTokens, message).into());
        }
        let (id, secret) = (cx.id::<kind::Token>(), Secret::random());
        let row = token::Model {
            id: id.uuid(),
            person_id: self.person,
            hash: hash(secret.expose()),
            label: self.label.clone(),
            created_at: cx.now(),
            expires_at: self.expires_at,
            revoked_at: None,
            portfolio_id: self.portfolio.map(Id::uuid),
            roles: self.roles.as_ref().map(serde_json::to_value).transpose()?,
            hint: Some(secret.hint()),
            created_by_id: cx.actor().person().map(|person| person.id.uuid()),
            last_used_at: None,
        };
        store::insert(cx.tx(), &row).await?;
        cx.changed(None, Some(store::state(&row)));
        // The history is a portfolio's; a token that reaches them all is in the audit alone.
        if self.portfolio.is_some() {
            cx.emit(TokenCreated {
                token_id: id,
                person_id: Id::new(self.person),
                label: self.label,
                roles: self.roles,
                expires_at: self.expires_at,
            });
        }
        Ok(CreatedToken { token_id: id, secret: Some(secret) })
    }
}
