//! `issue_token`: whoever runs the system makes a token for a role, and its holder with it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    Refusal, Role,
    id::{Id, kind},
    member::PersonKind,
    portfolio::Portfolio,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::create_token::{CreatedToken, Draft, TokenCreated};
use crate::{
    Command, Context, Error, Right, Target, event,
    member::{
        self,
        add_member::{MemberAdded, join},
    },
    person::{self, store::NewPerson},
};

/// How many persons may be named after one role.
const NAMESAKES: u32 = 1_000;

/// Makes a token for the member who is named after a role, and makes that member if there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssueToken {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The role its holder has there.
    pub role: Role,
    /// When it ends by itself; none: never.
    pub expires_at: Option<DateTime<Utc>>,
}

#[async_trait]
impl Command for IssueToken {
    const NAME: &'static str = "issue_token";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] =
        &[event::Declared::of::<MemberAdded>(), event::Declared::of::<TokenCreated>()];
    type Output = CreatedToken;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio()?.clone();
        let playbook = cx.playbook(portfolio.playbook_id).await?;
        if !self.role.is_platform() && !playbook.roles.contains_key(&self.role) {
            let known: Vec<_> = playbook.roles.keys().map(Role::as_str).chain(Role::PLATFORM).collect();
            let message = format!("there is no role {}; the portfolio has {}", self.role, known.join(", "));
            return Err(Refusal::invalid("role", message).into());
        }
        let draft = Draft {
            person: self.holder(cx, &portfolio).await?,
            portfolio: None,
            roles: None,
            label: format!("{} {}", portfolio.slug, self.role),
            expires_at: self.expires_at,
        };
        draft.write(cx).await
    }
}

impl IssueToken {
    /// The member named after the role, who holds it. The first handle that nobody else has is theirs: one
    /// that was given to somebody elsewhere, or whose person lost the role, is passed over.
    async fn holder(&self, cx: &mut Context<'_>, portfolio: &Portfolio) -> Result<Uuid, Error> {
        let first = format!("{}.{}", portfolio.slug, self.role.as_str().to_ascii_lowercase());
        for number in 1..=NAMESAKES {
            let handle = if number == 1 { first.clone() } else { format!("{first}-{number}") };
            let Some(known) = person::store::by_handle(cx.tx(), &handle).await? else {
                return self.add_holder(cx, portfolio, handle).await;
            };
            if let Some(member) = member::store::of(cx.tx(), portfolio.id.uuid(), known.id).await?
                && member::store::roles(&member)?.contains(&self.role)
            {
                return Ok(known.id);
            }
        }
        Err(anyhow::anyhow!("{NAMESAKES} persons are named {first}").into())
    }

    async fn add_holder(
        &self,
        cx: &mut Context<'_>,
        portfolio: &Portfolio,
        handle: String,
    ) -> Result<Uuid, Error> {
        let id = cx.id::<kind::Person>().uuid();
        let person = NewPerson {
            handle: handle.clone(),
            name: format!("{} of {}", self.role, portfolio.name),
            kind: PersonKind::Person,
            email: None,
            subject: None,
        };
        person::store::insert(cx.tx(), id, person, cx.now()).await?;
        join(cx, id, &handle, vec![self.role.clone()])?;
        Ok(id)
    }
}
