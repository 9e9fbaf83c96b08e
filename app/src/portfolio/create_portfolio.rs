//! `create_portfolio`: a new boundary, with its creator as ADMIN.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    portfolio::{Portfolio, Settings},
    refusal::Code,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Scope, Target,
    event::{self, Event},
    member::add_member::{MemberAdded, join},
    playbook,
};

/// Creates a portfolio that uses the playbook imported last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatePortfolio {
    /// 2 to 40 characters of a-z, 0-9 and `-`, starting with a letter; unique.
    pub slug: String,
    /// 2 to 120 characters.
    pub name: String,
    /// IANA zone for new ventures.
    pub zone: String,
    /// ISO 4217 currency for new ventures.
    pub currency: String,
}

/// A portfolio was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PortfolioCreated {
    /// Short name of the portfolio.
    pub slug: String,
    /// Its name.
    pub name: String,
}

impl Event for PortfolioCreated {
    const KIND: &'static str = "portfolio.created.v1";
}

#[async_trait]
impl Command for CreatePortfolio {
    const NAME: &'static str = "create_portfolio";
    const RIGHT: Right = Right::Anywhere(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] =
        &[event::Declared::of::<PortfolioCreated>(), event::Declared::of::<MemberAdded>()];
    type Output = Id<kind::Portfolio>;

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let id = found(cx, self).await?;
        let handle = cx.actor().person().map(|person| person.handle.clone()).unwrap_or_default();
        let admin = Role::parse(Role::ADMIN).map_err(anyhow::Error::from)?;
        join(cx, person.uuid(), &handle, vec![admin])?;
        Ok(id)
    }
}

/// The same by the system's operator, where no person could: the first portfolio of a system. It has no member yet;
/// tokens issued for it create their holders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundPortfolio(pub CreatePortfolio);

#[async_trait]
impl Command for FoundPortfolio {
    const NAME: &'static str = "found_portfolio";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<PortfolioCreated>()];
    type Output = Id<kind::Portfolio>;

    fn target(&self) -> Target {
        Target::platform()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        found(cx, &self.0).await
    }
}

/// Checks the input and makes the portfolio.
async fn found(cx: &mut Context<'_>, input: &CreatePortfolio) -> Result<Id<kind::Portfolio>, Error> {
    let Settings { slug, name, zone, currency } =
        Settings::checked(&input.slug, &input.name, &input.zone, &input.currency)?;
    if store::by_slug(cx.tx(), &Scope::All, &slug).await?.is_some() {
        let message = format!("there is a portfolio with the slug {slug} already");
        return Err(Refusal::new(Code::AlreadyExists, message).at("slug").into());
    }
    let playbook = playbook::latest(cx.tx()).await?;
    let id = cx.id();
    cx.emit(PortfolioCreated { slug: slug.clone(), name: name.clone() });
    cx.make_portfolio(Portfolio {
        id,
        slug,
        name,
        zone,
        currency,
        playbook_id: Id::new(playbook.ok_or_else(|| anyhow::anyhow!("no playbook was imported"))?),
        listeners: 0,
        version: 0,
        sequence: 0,
        created_at: cx.now(),
        updated_at: cx.now(),
    });
    Ok(id)
}
