//! `create_portfolio`: a new boundary, with its creator as ADMIN.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
    text,
    venture::{currency_coded, zone_named},
};
use entity::portfolio;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use super::add_member::join;
use crate::{Command, Context, Error, Right, Scope, Target, event::Event, playbooks, store};

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

#[async_trait]
impl Command for CreatePortfolio {
    const NAME: &'static str = "create_portfolio";
    const RIGHT: Right = Right::Anywhere(&[Role::ADMIN]);
    type Output = Id<kind::Portfolio>;

    fn target(&self) -> Target {
        Target::Platform
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let row = insert(cx, self).await?;
        let handle = cx.actor().person().map(|person| person.handle.clone()).unwrap_or_default();
        let admin = Role::parse(Role::ADMIN).map_err(anyhow::Error::from)?;
        let id = Id::new(row.id);
        cx.emit(Event::PortfolioCreated { slug: row.slug.clone(), name: row.name.clone() });
        cx.hold_portfolio(row);
        join(cx, person.uuid(), &handle, vec![admin]).await?;
        Ok(id)
    }
}

/// The same by us, where no person could: the first portfolio of a system. It has no member yet; tokens
/// made for it bring their holders along.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundPortfolio(pub CreatePortfolio);

#[async_trait]
impl Command for FoundPortfolio {
    const NAME: &'static str = "found_portfolio";
    const RIGHT: Right = Right::Agent;
    type Output = Id<kind::Portfolio>;

    fn target(&self) -> Target {
        Target::Platform
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let row = insert(cx, &self.0).await?;
        let id = Id::new(row.id);
        cx.emit(Event::PortfolioCreated { slug: row.slug.clone(), name: row.name.clone() });
        cx.hold_portfolio(row);
        Ok(id)
    }
}

/// Checks and writes the row.
async fn insert(cx: &Context<'_>, input: &CreatePortfolio) -> Result<portfolio::Model, Error> {
    let slug = checked_slug(&input.slug)?;
    if store::portfolio::by_slug(cx.tx(), &Scope::All, &slug).await?.is_some() {
        let message = format!("there is a portfolio with the slug {slug} already");
        return Err(Refusal::new(Code::AlreadyExists, message).at("slug").into());
    }
    let playbook = playbooks::latest(cx.tx()).await?;
    let row = portfolio::Model {
        id: cx.id::<kind::Portfolio>().uuid(),
        slug,
        name: text::line("name", &input.name, 2, 120)?,
        zone: zone_named(&input.zone)?.name().to_owned(),
        currency: currency_coded(&input.currency)?.code().to_owned(),
        playbook_id: playbook.ok_or_else(|| anyhow::anyhow!("no playbook was imported"))?,
        created_at: cx.now(),
        version: 1,
        listeners: 0,
    };
    portfolio::Entity::insert(portfolio::ActiveModel {
        id: Set(row.id),
        slug: Set(row.slug.clone()),
        name: Set(row.name.clone()),
        zone: Set(row.zone.clone()),
        currency: Set(row.currency.clone()),
        playbook_id: Set(row.playbook_id),
        created_at: Set(row.created_at),
        version: Set(row.version),
        listeners: Set(row.listeners),
    })
    .exec_without_returning(cx.tx())
    .await?;
    Ok(row)
}

fn checked_slug(slug: &str) -> Result<String, Refusal> {
    let good = (2..=40).contains(&slug.len())
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if good {
        Ok(slug.to_owned())
    } else {
        Err(Refusal::invalid("slug", "slug is 2 to 40 characters of a-z, 0-9 and -, starting with a letter"))
    }
}
