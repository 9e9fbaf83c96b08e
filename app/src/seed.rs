//! The demo portfolio: something to look at in the first minute, made once.

use domain::{
    Role,
    id::{Id, kind},
};

use crate::{
    Actor, App, Error, Request, Scope,
    commands::{CreatePortfolio, CreateVenture, FoundPortfolio},
    portfolio, token,
};

/// Short name of the demo portfolio.
pub const SLUG: &str = "demo";

/// Makes the demo portfolio with its ventures, and a token for every role. None when it is there already:
/// its tokens were shown when they were made.
pub async fn demo(app: &App) -> Result<Option<Vec<(Role, String)>>, Error> {
    let db = app.database().write();
    if portfolio::store::by_slug(db, &Scope::All, SLUG).await?.is_some() {
        return Ok(None);
    }
    let input = CreatePortfolio {
        slug: SLUG.to_owned(),
        name: "Demo portfolio".to_owned(),
        zone: "Europe/Vienna".to_owned(),
        currency: "EUR".to_owned(),
    };
    let seeding = Request::by(Actor::Agent("seed".to_owned()));
    let portfolio_id = app.execute(&seeding, &FoundPortfolio(input)).await?;
    let portfolio = crate::record::find::<entity::portfolio::Model>(db, &Scope::All, portfolio_id).await?;
    let playbook = app.playbooks().get(db, Id::new(portfolio.playbook_id)).await?;
    let platform = Role::PLATFORM.iter().filter_map(|name| Role::parse(name).ok());
    let mut tokens = Vec::new();
    for role in playbook.roles.keys().cloned().chain(platform) {
        let secret = token::create(app, SLUG, &role, None).await?;
        tokens.push((role, secret));
    }
    create_ventures(app, portfolio_id, &tokens).await?;
    Ok(Some(tokens))
}

/// The demo's ventures, created as a person would.
async fn create_ventures(
    app: &App,
    portfolio_id: Id<kind::Portfolio>,
    tokens: &[(Role, String)],
) -> Result<(), Error> {
    let chairman = tokens.iter().find(|(role, _)| role == "CHAIRMAN").map(|(_, token)| token);
    let Some(chairman) = chairman else { return Ok(()) };
    let Ok(actor) = token::authenticate(app, chairman).await? else { return Ok(()) };
    let ventures = [
        (
            "Harbour Light",
            "Energy-saving street lights for small ports, paid from the power they save.",
            Some("energy"),
        ),
        (
            "Second Shelf",
            "Shops lend their slow-moving books to schools and get them back with reviews.",
            None,
        ),
    ];
    for (name, description, category) in ventures {
        let command = CreateVenture {
            portfolio_id,
            name: name.to_owned(),
            description: description.to_owned(),
            category: category.map(str::to_owned),
            zone: None,
            currency: None,
        };
        app.execute(&Request::by(actor.clone()), &command).await?;
    }
    Ok(())
}
